-- Everything that organizations need beside themselves: roles of their own, invitations, workspaces,
-- preferences, plans, domains, the audit log, remembered requests and the outbox.

ALTER TABLE users ADD COLUMN email_verified_at INTEGER;
ALTER TABLE users ADD COLUMN organization_id BLOB REFERENCES organizations (id);
ALTER TABLE users ADD COLUMN trial_started_at INTEGER;
ALTER TABLE users ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE users ADD COLUMN deleted_at INTEGER;
-- Those who were made before came from the operator, who vouched for their addresses.
UPDATE users SET email_verified_at = created_at;
CREATE INDEX users_service_accounts ON users (organization_id, id) WHERE organization_id IS NOT NULL;

-- A plan lies in the organization's row, which every rule that counts has locked anyway.
ALTER TABLE organizations ADD COLUMN subscription_status TEXT NOT NULL DEFAULT 'none'
    CHECK (subscription_status IN ('none', 'trial', 'active', 'past_due', 'canceled'));
ALTER TABLE organizations ADD COLUMN trial_ends_at INTEGER;
ALTER TABLE organizations ADD COLUMN member_quota INTEGER NOT NULL DEFAULT 0 CHECK (member_quota >= 0);
ALTER TABLE organizations ADD COLUMN workspace_quota INTEGER NOT NULL DEFAULT 0 CHECK (workspace_quota >= 0);

-- Members are sorted and searched by what their users are called, without looking at the users.
ALTER TABLE memberships ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE memberships ADD COLUMN display_name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE memberships ADD COLUMN email_key TEXT NOT NULL DEFAULT '';
UPDATE memberships SET
    -- Folded as far as SQL can; the next change of a profile folds the rest.
    display_name_key = (SELECT lower(users.display_name) FROM users WHERE users.id = memberships.user_id),
    email_key = (SELECT users.email_key FROM users WHERE users.id = memberships.user_id);
CREATE INDEX memberships_display_name ON memberships (organization_id, display_name_key, id);
CREATE INDEX memberships_email ON memberships (organization_id, email_key, id);
CREATE INDEX memberships_created ON memberships (organization_id, created_at, id);
CREATE INDEX memberships_updated ON memberships (organization_id, updated_at, id);
DROP INDEX memberships_organization_id;

ALTER TABLE personal_access_tokens RENAME TO tokens;
DROP INDEX personal_access_tokens_digest;
DROP INDEX personal_access_tokens_user;
CREATE UNIQUE INDEX tokens_digest ON tokens (digest);
CREATE INDEX tokens_user ON tokens (user_id, id);
ALTER TABLE tokens ADD COLUMN organization_id BLOB REFERENCES organizations (id);
ALTER TABLE tokens ADD COLUMN created_by BLOB REFERENCES users (id);
CREATE INDEX tokens_organization ON tokens (organization_id, user_id) WHERE organization_id IS NOT NULL;

CREATE TABLE roles (
    id BLOB NOT NULL CHECK (length(id) = 16),
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    scope TEXT NOT NULL CHECK (scope IN ('organization', 'workspace')),
    role_key TEXT NOT NULL,
    title TEXT NOT NULL,
    title_key TEXT NOT NULL,
    description TEXT,
    permissions TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX roles_key ON roles (organization_id, role_key);
CREATE UNIQUE INDEX roles_title ON roles (organization_id, title_key);

CREATE TABLE membership_roles (
    organization_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    role_id BLOB NOT NULL,
    PRIMARY KEY (organization_id, user_id, role_id),
    FOREIGN KEY (organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, role_id) REFERENCES roles (organization_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_roles_role ON membership_roles (organization_id, role_id);

CREATE TABLE workspaces (
    id BLOB NOT NULL CHECK (length(id) = 16),
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    title TEXT NOT NULL,
    title_key TEXT NOT NULL,
    description TEXT,
    icon TEXT,
    icon_color TEXT,
    creator_id BLOB NOT NULL REFERENCES users (id),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX workspaces_title ON workspaces (organization_id, title_key, id) WHERE deleted_at IS NULL;
CREATE INDEX workspaces_updated ON workspaces (organization_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE TABLE workspace_memberships (
    organization_id BLOB NOT NULL,
    workspace_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    roles TEXT NOT NULL CHECK (roles <> ''),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, workspace_id, user_id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX workspace_memberships_user ON workspace_memberships (organization_id, user_id, workspace_id);

CREATE TABLE workspace_membership_roles (
    organization_id BLOB NOT NULL,
    workspace_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    role_id BLOB NOT NULL,
    PRIMARY KEY (organization_id, workspace_id, user_id, role_id),
    FOREIGN KEY (organization_id, workspace_id, user_id)
        REFERENCES workspace_memberships (organization_id, workspace_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, role_id) REFERENCES roles (organization_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX workspace_membership_roles_role ON workspace_membership_roles (organization_id, role_id);
CREATE INDEX workspace_membership_roles_user ON workspace_membership_roles (organization_id, user_id);

CREATE TABLE invitations (
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
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX invitations_id ON invitations (id);
CREATE UNIQUE INDEX invitations_digest ON invitations (digest);
CREATE UNIQUE INDEX invitations_pending ON invitations (organization_id, email_key) WHERE state = 'pending';
CREATE INDEX invitations_email ON invitations (email_key, id) WHERE state = 'pending';

CREATE TABLE invitation_roles (
    organization_id BLOB NOT NULL,
    invitation_id BLOB NOT NULL,
    role_id BLOB NOT NULL,
    PRIMARY KEY (organization_id, invitation_id, role_id),
    FOREIGN KEY (organization_id, invitation_id) REFERENCES invitations (organization_id, id),
    FOREIGN KEY (organization_id, role_id) REFERENCES roles (organization_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_roles_role ON invitation_roles (organization_id, role_id);

CREATE TABLE organization_preferences (
    organization_id BLOB NOT NULL PRIMARY KEY REFERENCES organizations (id),
    support_team_access INTEGER NOT NULL CHECK (support_team_access IN (0, 1)),
    time_zone TEXT,
    time_format TEXT,
    date_format TEXT,
    decimal_symbol TEXT,
    decimal_places INTEGER,
    measurement_system TEXT,
    version INTEGER NOT NULL CHECK (version >= 1),
    updated_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE workspace_preferences (
    organization_id BLOB NOT NULL,
    workspace_id BLOB NOT NULL,
    time_zone TEXT,
    time_format TEXT,
    date_format TEXT,
    decimal_symbol TEXT,
    decimal_places INTEGER,
    measurement_system TEXT,
    version INTEGER NOT NULL CHECK (version >= 1),
    updated_at INTEGER,
    PRIMARY KEY (organization_id, workspace_id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE organization_domains (
    id BLOB NOT NULL CHECK (length(id) = 16),
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    challenge TEXT NOT NULL,
    verified_at INTEGER,
    is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    enrollment TEXT NOT NULL CHECK (enrollment IN ('invite_only', 'automatic_invitation', 'automatic_join')),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX organization_domains_name ON organization_domains (organization_id, name);
CREATE UNIQUE INDEX organization_domains_verified ON organization_domains (name) WHERE verified_at IS NOT NULL;
CREATE UNIQUE INDEX organization_domains_primary ON organization_domains (organization_id) WHERE is_primary;

-- The log outlives what it tells of: its ids are no foreign keys.
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

CREATE TABLE requests (
    user_id BLOB NOT NULL REFERENCES users (id),
    request_key TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    made BLOB NOT NULL CHECK (length(made) = 16),
    at INTEGER NOT NULL,
    PRIMARY KEY (user_id, request_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_at ON requests (at);

CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    organization_id BLOB REFERENCES organizations (id),
    invitation_id BLOB CHECK (length(invitation_id) = 16),
    secret TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
