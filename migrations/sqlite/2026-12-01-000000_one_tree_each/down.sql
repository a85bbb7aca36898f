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
    PRIMARY KEY (organization_id, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO memberships_after (id, organization_id, user_id, roles, created_at, updated_at, version, display_name_key, email_key)
    SELECT id, organization_id, user_id, roles, created_at, updated_at, version, display_name_key, email_key
    FROM memberships ORDER BY organization_id, user_id;
DROP TABLE memberships;
ALTER TABLE memberships_after RENAME TO memberships;
CREATE UNIQUE INDEX memberships_user_organization ON memberships (user_id, organization_id);
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

DROP INDEX invitations_seats;
ALTER TABLE invitations DROP COLUMN holds_limited_seat;
DROP INDEX invitations_pending;
CREATE UNIQUE INDEX invitations_pending ON invitations (organization_id, email_key) WHERE state = 'pending';
CREATE INDEX invitations_email ON invitations (email_key, id) WHERE state = 'pending';
