-- OAuth 2.0: clients, what they were allowed, and the keys of ID tokens. An access token is a token
-- with a client.

CREATE TABLE oauth_clients (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    organization_id BLOB REFERENCES organizations (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('public', 'confidential')),
    grant_types TEXT NOT NULL,
    scopes TEXT NOT NULL,
    -- One a line.
    redirect_uris TEXT NOT NULL,
    service_account_id BLOB REFERENCES users (id),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_clients_organization ON oauth_clients (organization_id, id) WHERE deleted_at IS NULL;

CREATE TABLE oauth_client_secrets (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    client_id BLOB NOT NULL REFERENCES oauth_clients (id),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    last_four TEXT NOT NULL,
    created_by BLOB REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX oauth_client_secrets_client ON oauth_client_secrets (client_id, digest);

CREATE TABLE oauth_grants (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    client_id BLOB NOT NULL REFERENCES oauth_clients (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    organization_id BLOB REFERENCES organizations (id),
    scopes TEXT NOT NULL,
    authenticated_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
-- Those that ended, too: whoever ends all of a user's looks for the tokens under each.
CREATE INDEX oauth_grants_user ON oauth_grants (user_id, id);
CREATE INDEX oauth_grants_allowed ON oauth_grants (user_id, client_id, organization_id, scopes) WHERE revoked_at IS NULL;
CREATE INDEX oauth_grants_client ON oauth_grants (client_id, user_id);
CREATE INDEX oauth_grants_organization ON oauth_grants (organization_id, user_id) WHERE organization_id IS NOT NULL;
CREATE INDEX oauth_grants_created ON oauth_grants (created_at);

CREATE TABLE oauth_codes (
    digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    grant_id BLOB NOT NULL REFERENCES oauth_grants (id),
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    nonce TEXT,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_codes_grant ON oauth_codes (grant_id);
CREATE INDEX oauth_codes_expiry ON oauth_codes (expires_at);

CREATE TABLE oauth_refresh_tokens (
    digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    grant_id BLOB NOT NULL REFERENCES oauth_grants (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_refresh_tokens_grant ON oauth_refresh_tokens (grant_id);
CREATE INDEX oauth_refresh_tokens_expiry ON oauth_refresh_tokens (expires_at);

CREATE TABLE oauth_devices (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    device_code BLOB NOT NULL CHECK (length(device_code) = 32),
    user_code BLOB NOT NULL CHECK (length(user_code) = 32),
    client_id BLOB NOT NULL REFERENCES oauth_clients (id),
    -- As it was asked for: whether there is such an organization, the device is not told.
    organization_id BLOB CHECK (length(organization_id) = 16),
    scopes TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'allowed', 'denied', 'used')),
    grant_id BLOB REFERENCES oauth_grants (id),
    poll_interval INTEGER NOT NULL,
    polled_at INTEGER,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX oauth_devices_device_code ON oauth_devices (device_code);
CREATE UNIQUE INDEX oauth_devices_user_code ON oauth_devices (user_code);
CREATE INDEX oauth_devices_grant ON oauth_devices (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX oauth_devices_expiry ON oauth_devices (expires_at);

CREATE TABLE signing_keys (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    private_key BLOB NOT NULL,
    public_key BLOB NOT NULL CHECK (length(public_key) = 65),
    created_at INTEGER NOT NULL,
    retired_at INTEGER
) STRICT, WITHOUT ROWID;

ALTER TABLE tokens ADD COLUMN client_id BLOB REFERENCES oauth_clients (id);
ALTER TABLE tokens ADD COLUMN grant_id BLOB REFERENCES oauth_grants (id);
ALTER TABLE tokens ADD COLUMN scopes TEXT;
CREATE INDEX tokens_client ON tokens (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX tokens_grant ON tokens (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX tokens_of_clients ON tokens (expires_at) WHERE client_id IS NOT NULL;
-- What users see of their own, past what clients have.
CREATE INDEX tokens_own ON tokens (user_id, kind, id) WHERE client_id IS NULL AND revoked_at IS NULL;
