-- Everything that organizations need beside themselves: roles of their own, invitations, workspaces,
-- preferences, plans, domains, the audit log, remembered requests and the outbox.

ALTER TABLE users ADD COLUMN email_verified_at timestamptz;
ALTER TABLE users ADD COLUMN organization_id uuid REFERENCES organizations (id);
ALTER TABLE users ADD COLUMN trial_started_at timestamptz;
ALTER TABLE users ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE users ADD COLUMN deleted_at timestamptz;
-- Those who were made before came from the operator, who vouched for their addresses.
UPDATE users SET email_verified_at = created_at;
CREATE INDEX users_service_accounts ON users (organization_id, id) WHERE organization_id IS NOT NULL;

-- A plan lies in the organization's row, which every rule that counts has locked anyway.
ALTER TABLE organizations ADD COLUMN subscription_status text NOT NULL DEFAULT 'none'
    CHECK (subscription_status IN ('none', 'trial', 'active', 'past_due', 'canceled'));
ALTER TABLE organizations ADD COLUMN trial_ends_at timestamptz;
ALTER TABLE organizations ADD COLUMN member_quota bigint NOT NULL DEFAULT 0 CHECK (member_quota >= 0);
ALTER TABLE organizations ADD COLUMN workspace_quota bigint NOT NULL DEFAULT 0 CHECK (workspace_quota >= 0);

-- Members are sorted and searched by what their users are called, without looking at the users.
ALTER TABLE memberships ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE memberships ADD COLUMN display_name_key text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE memberships ADD COLUMN email_key text COLLATE "C" NOT NULL DEFAULT '';
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
ALTER INDEX personal_access_tokens_pkey RENAME TO tokens_pkey;
ALTER INDEX personal_access_tokens_digest RENAME TO tokens_digest;
ALTER INDEX personal_access_tokens_user RENAME TO tokens_user;
ALTER TABLE tokens ADD COLUMN organization_id uuid REFERENCES organizations (id);
ALTER TABLE tokens ADD COLUMN created_by uuid REFERENCES users (id);
CREATE INDEX tokens_organization ON tokens (organization_id, user_id) WHERE organization_id IS NOT NULL;

CREATE TABLE roles (
    id uuid NOT NULL,
    organization_id uuid NOT NULL REFERENCES organizations (id),
    scope text NOT NULL CHECK (scope IN ('organization', 'workspace')),
    role_key text NOT NULL,
    title text NOT NULL,
    title_key text NOT NULL,
    description text,
    permissions text NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX roles_key ON roles (organization_id, role_key);
CREATE UNIQUE INDEX roles_title ON roles (organization_id, title_key);

CREATE TABLE membership_roles (
    organization_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role_id uuid NOT NULL,
    PRIMARY KEY (organization_id, user_id, role_id),
    FOREIGN KEY (organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, role_id) REFERENCES roles (organization_id, id)
);
CREATE INDEX membership_roles_role ON membership_roles (organization_id, role_id);

CREATE TABLE workspaces (
    id uuid NOT NULL,
    organization_id uuid NOT NULL REFERENCES organizations (id),
    title text NOT NULL,
    title_key text COLLATE "C" NOT NULL,
    description text,
    icon text,
    icon_color text,
    creator_id uuid NOT NULL REFERENCES users (id),
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX workspaces_title ON workspaces (organization_id, title_key, id) WHERE deleted_at IS NULL;
CREATE INDEX workspaces_updated ON workspaces (organization_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE TABLE workspace_memberships (
    organization_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    user_id uuid NOT NULL,
    roles text NOT NULL CHECK (roles <> ''),
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, workspace_id, user_id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id),
    FOREIGN KEY (organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE
);
CREATE INDEX workspace_memberships_user ON workspace_memberships (organization_id, user_id, workspace_id);

CREATE TABLE workspace_membership_roles (
    organization_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role_id uuid NOT NULL,
    PRIMARY KEY (organization_id, workspace_id, user_id, role_id),
    FOREIGN KEY (organization_id, workspace_id, user_id)
        REFERENCES workspace_memberships (organization_id, workspace_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, role_id) REFERENCES roles (organization_id, id)
);
CREATE INDEX workspace_membership_roles_role ON workspace_membership_roles (organization_id, role_id);
CREATE INDEX workspace_membership_roles_user ON workspace_membership_roles (organization_id, user_id);

CREATE TABLE invitations (
    id uuid NOT NULL,
    organization_id uuid NOT NULL REFERENCES organizations (id),
    workspace_id uuid,
    email text NOT NULL,
    email_key text NOT NULL,
    roles text NOT NULL CHECK (roles <> ''),
    workspace_roles text NOT NULL,
    inviter_id uuid REFERENCES users (id),
    inviter_kind text NOT NULL,
    redirect_organization_id uuid,
    redirect_workspace_id uuid,
    metadata text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'accepted', 'declined', 'revoked', 'expired')),
    accepted_by uuid REFERENCES users (id),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id)
);
CREATE UNIQUE INDEX invitations_id ON invitations (id);
CREATE UNIQUE INDEX invitations_digest ON invitations (digest);
CREATE UNIQUE INDEX invitations_pending ON invitations (organization_id, email_key) WHERE state = 'pending';
CREATE INDEX invitations_email ON invitations (email_key, id) WHERE state = 'pending';

CREATE TABLE invitation_roles (
    organization_id uuid NOT NULL,
    invitation_id uuid NOT NULL,
    role_id uuid NOT NULL,
    PRIMARY KEY (organization_id, invitation_id, role_id),
    FOREIGN KEY (organization_id, invitation_id) REFERENCES invitations (organization_id, id),
    FOREIGN KEY (organization_id, role_id) REFERENCES roles (organization_id, id)
);
CREATE INDEX invitation_roles_role ON invitation_roles (organization_id, role_id);

CREATE TABLE organization_preferences (
    organization_id uuid NOT NULL PRIMARY KEY REFERENCES organizations (id),
    support_team_access boolean NOT NULL,
    time_zone text,
    time_format text,
    date_format text,
    decimal_symbol text,
    decimal_places integer,
    measurement_system text,
    version bigint NOT NULL CHECK (version >= 1),
    updated_at timestamptz
);

CREATE TABLE workspace_preferences (
    organization_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    time_zone text,
    time_format text,
    date_format text,
    decimal_symbol text,
    decimal_places integer,
    measurement_system text,
    version bigint NOT NULL CHECK (version >= 1),
    updated_at timestamptz,
    PRIMARY KEY (organization_id, workspace_id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id)
);

CREATE TABLE organization_domains (
    id uuid NOT NULL,
    organization_id uuid NOT NULL REFERENCES organizations (id),
    name text NOT NULL,
    challenge text NOT NULL,
    verified_at timestamptz,
    is_primary boolean NOT NULL,
    enrollment text NOT NULL CHECK (enrollment IN ('invite_only', 'automatic_invitation', 'automatic_join')),
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX organization_domains_name ON organization_domains (organization_id, name);
CREATE UNIQUE INDEX organization_domains_verified ON organization_domains (name) WHERE verified_at IS NOT NULL;
CREATE UNIQUE INDEX organization_domains_primary ON organization_domains (organization_id) WHERE is_primary;

-- The log outlives what it tells of: its ids are no foreign keys.
CREATE TABLE audit_entries (
    chain_id uuid NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    chain_kind text NOT NULL CHECK (chain_kind IN ('organization', 'user')),
    at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    token_id uuid,
    act text NOT NULL,
    target_kind text NOT NULL,
    target_id uuid NOT NULL,
    address text,
    request_id text,
    changes text NOT NULL,
    previous bytea NOT NULL CHECK (length(previous) = 32),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (chain_id, sequence)
);

CREATE TABLE requests (
    user_id uuid NOT NULL REFERENCES users (id),
    request_key text NOT NULL,
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    made uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (user_id, request_key)
);
CREATE INDEX requests_at ON requests (at);

CREATE TABLE outbox (
    id uuid NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    recipient text NOT NULL,
    organization_id uuid REFERENCES organizations (id),
    invitation_id uuid,
    secret text,
    created_at timestamptz NOT NULL
);
