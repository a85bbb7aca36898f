-- Each of these indexes held what another one holds as well; a request wrote into both.

-- In the order in which requests come to them, so that nobody waits in a circle.
LOCK TABLE memberships, workspace_memberships, membership_roles, invitations IN ACCESS EXCLUSIVE MODE;

-- Pending invitations are found by their address, and by address and organization, through one index.
-- Those of an organization are counted where it has a quota, and only those are worth an index.
DROP INDEX invitations_pending;
DROP INDEX invitations_email;
CREATE UNIQUE INDEX invitations_pending ON invitations (email_key, organization_id) WHERE state = 'pending';
-- Whether the organization has a quota of members.
ALTER TABLE invitations ADD COLUMN holds_limited_seat BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE invitations SET holds_limited_seat = TRUE
    WHERE organization_id IN (SELECT id FROM organizations WHERE member_quota <> 0);
CREATE INDEX invitations_seats ON invitations (organization_id, expires_at) WHERE holds_limited_seat AND state = 'pending';

-- A membership is looked up by its user and organization, and listed by its user; there was an index in
-- either order.
ALTER TABLE membership_roles DROP CONSTRAINT membership_roles_organization_id_user_id_fkey;
ALTER TABLE workspace_memberships DROP CONSTRAINT workspace_memberships_organization_id_user_id_fkey;
ALTER TABLE memberships DROP CONSTRAINT memberships_pkey;
ALTER TABLE memberships ADD CONSTRAINT memberships_pkey PRIMARY KEY USING INDEX memberships_user_organization;
ALTER TABLE membership_roles ADD CONSTRAINT membership_roles_organization_id_user_id_fkey
    FOREIGN KEY (organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE;
ALTER TABLE workspace_memberships ADD CONSTRAINT workspace_memberships_organization_id_user_id_fkey
    FOREIGN KEY (organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE;
