ALTER TABLE audit_entries RENAME TO audit_entries_after;
CREATE TABLE audit_entries (
    chain_id BLOB NOT NULL CHECK (length(chain_id) = 16),
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    chain_kind TEXT NOT NULL CHECK (chain_kind IN ('organization', 'user')),
    at INTEGER NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BLOB CHECK (length(actor_id) = 16),
    token_id BLOB CHECK (length(token_id) = 16),
    act TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id BLOB NOT NULL CHECK (length(target_id) = 16),
    address TEXT,
    request_id TEXT,
    changes TEXT NOT NULL,
    previous BLOB NOT NULL CHECK (length(previous) = 32),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (chain_id, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO audit_entries (chain_id, sequence, chain_kind, at, actor_kind, actor_id, token_id, act, target_kind, target_id, address, request_id, changes, previous, digest)
    SELECT chain_id, sequence, chain_kind, at, actor_kind, actor_id, token_id, act, target_kind, target_id, address, request_id, changes, previous, digest
    FROM audit_entries_after;
DROP TABLE audit_entries_after;
CREATE INDEX outbox_organization ON outbox (organization_id, id) WHERE organization_id IS NOT NULL;
DROP INDEX memberships_updated;
CREATE INDEX memberships_updated ON memberships (organization_id, updated_at, id);
CREATE TABLE invitation_roles_before AS SELECT organization_id, invitation_id, role_id FROM invitation_roles;
DELETE FROM invitation_roles;
CREATE TABLE invitations_after (
    id BLOB NOT NULL CHECK (length(id) = 16),
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    workspace_id BLOB,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    roles TEXT NOT NULL CHECK (roles <> ''),
    workspace_roles TEXT NOT NULL,
    inviter_id BLOB REFERENCES users (id),
    inviter_kind TEXT NOT NULL,
    redirect_organization_id BLOB CHECK (length(redirect_organization_id) = 16),
    redirect_workspace_id BLOB CHECK (length(redirect_workspace_id) = 16),
    metadata TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'declined', 'revoked', 'expired')),
    accepted_by BLOB REFERENCES users (id),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    language TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO invitations_after (id, organization_id, workspace_id, email, email_key, roles, workspace_roles, inviter_id, inviter_kind, redirect_organization_id, redirect_workspace_id, metadata, state, accepted_by, digest, version, created_at, updated_at, expires_at, language)
    SELECT id, organization_id, workspace_id, email, email_key, roles, workspace_roles, inviter_id, inviter_kind, redirect_organization_id, redirect_workspace_id, metadata, state, accepted_by, digest, version, created_at, updated_at, expires_at, language
    FROM invitations ORDER BY id;
DROP TABLE invitations;
ALTER TABLE invitations_after RENAME TO invitations;
CREATE UNIQUE INDEX invitations_id ON invitations (id);
CREATE UNIQUE INDEX invitations_digest ON invitations (digest);
CREATE UNIQUE INDEX invitations_pending ON invitations (organization_id, email_key) WHERE state = 'pending';
CREATE INDEX invitations_email ON invitations (email_key, id) WHERE state = 'pending';
CREATE INDEX invitations_expiring ON invitations (expires_at, organization_id, id) WHERE state = 'pending';
INSERT INTO invitation_roles (organization_id, invitation_id, role_id)
    SELECT organization_id, invitation_id, role_id FROM invitation_roles_before;
DROP TABLE invitation_roles_before;
