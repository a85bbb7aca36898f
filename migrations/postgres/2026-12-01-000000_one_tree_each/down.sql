-- In the order in which requests come to them, so that nobody waits in a circle.
LOCK TABLE memberships, workspace_memberships, membership_roles, invitations IN ACCESS EXCLUSIVE MODE;

ALTER TABLE membership_roles DROP CONSTRAINT membership_roles_organization_id_user_id_fkey;
ALTER TABLE workspace_memberships DROP CONSTRAINT workspace_memberships_organization_id_user_id_fkey;
ALTER TABLE memberships DROP CONSTRAINT memberships_pkey;
ALTER TABLE memberships ADD CONSTRAINT memberships_pkey PRIMARY KEY (organization_id, user_id);
CREATE UNIQUE INDEX memberships_user_organization ON memberships (user_id, organization_id);
ALTER TABLE membership_roles ADD CONSTRAINT membership_roles_organization_id_user_id_fkey
    FOREIGN KEY (organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE;
ALTER TABLE workspace_memberships ADD CONSTRAINT workspace_memberships_organization_id_user_id_fkey
    FOREIGN KEY (organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE;

DROP INDEX invitations_seats;
ALTER TABLE invitations DROP COLUMN holds_limited_seat;
DROP INDEX invitations_pending;
CREATE UNIQUE INDEX invitations_pending ON invitations (organization_id, email_key) WHERE state = 'pending';
CREATE INDEX invitations_email ON invitations (email_key, id) WHERE state = 'pending';
