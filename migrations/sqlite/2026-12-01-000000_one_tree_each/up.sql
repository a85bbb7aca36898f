-- Each of these trees held what another one holds as well; a request changed a page in both.

-- Pending invitations are found by their address, and by address and organization, through one index.
-- Those of an organization are counted where it has a quota, and only those are worth an index.
DROP INDEX invitations_pending;
DROP INDEX invitations_email;
CREATE UNIQUE INDEX invitations_pending ON invitations (email_key, organization_id) WHERE state = 'pending';
-- Whether the organization has a quota of members.
ALTER TABLE invitations ADD COLUMN holds_limited_seat INTEGER NOT NULL DEFAULT 0 CHECK (holds_limited_seat IN (0, 1));
UPDATE invitations SET holds_limited_seat = 1
    WHERE organization_id IN (SELECT id FROM organizations WHERE member_quota <> 0);
CREATE INDEX invitations_seats ON invitations (organization_id, expires_at) WHERE holds_limited_seat AND state = 'pending';

-- Memberships lie in the order of their users, in which they are looked up and listed; there was an index
-- in that order beside the table. What refers to them goes away meanwhile, or it would go with them.
CREATE TABLE membership_roles_before AS SELECT organization_id, user_id, role_id FROM membership_roles;
CREATE TABLE workspace_memberships_before AS
    SELECT organization_id, workspace_id, user_id, roles, version, created_at, updated_at FROM workspace_memberships;
CREATE TABLE workspace_membership_roles_before AS
    SELECT organization_id, workspace_id, user_id, role_id FROM workspace_membership_roles;
DELETE FROM workspace_membership_roles;
DELETE FROM workspace_memberships;
DELETE FROM membership_roles;
CREATE TABLE memberships_after (
    id BLOB NOT NULL CHECK (length(id) = 16),
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id),
    roles TEXT NOT NULL CHECK (roles <> ''),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    display_name_key TEXT NOT NULL DEFAULT '',
    email_key TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (user_id, organization_id)
) STRICT, WITHOUT ROWID;
INSERT INTO memberships_after (id, organization_id, user_id, roles, created_at, updated_at, version, display_name_key, email_key)
    SELECT id, organization_id, user_id, roles, created_at, updated_at, version, display_name_key, email_key
    FROM memberships ORDER BY user_id, organization_id;
DROP TABLE memberships;
ALTER TABLE memberships_after RENAME TO memberships;
CREATE INDEX memberships_display_name ON memberships (organization_id, display_name_key, id);
CREATE INDEX memberships_email ON memberships (organization_id, email_key, id);
CREATE INDEX memberships_created ON memberships (organization_id, created_at, id);
CREATE INDEX memberships_updated ON memberships (organization_id, updated_at, id) WHERE updated_at <> created_at;
INSERT INTO membership_roles (organization_id, user_id, role_id)
    SELECT organization_id, user_id, role_id FROM membership_roles_before;
INSERT INTO workspace_memberships (organization_id, workspace_id, user_id, roles, version, created_at, updated_at)
    SELECT organization_id, workspace_id, user_id, roles, version, created_at, updated_at FROM workspace_memberships_before;
INSERT INTO workspace_membership_roles (organization_id, workspace_id, user_id, role_id)
    SELECT organization_id, workspace_id, user_id, role_id FROM workspace_membership_roles_before;
DROP TABLE membership_roles_before;
DROP TABLE workspace_memberships_before;
DROP TABLE workspace_membership_roles_before;
