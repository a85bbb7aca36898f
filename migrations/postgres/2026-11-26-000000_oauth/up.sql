-- OAuth 2.0: clients, what they were allowed, and the keys of ID tokens. An access token is a token
-- with a client.

CREATE TABLE oauth_clients (
    id uuid NOT NULL PRIMARY KEY,
    organization_id uuid REFERENCES organizations (id),
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('public', 'confidential')),
    grant_types text NOT NULL,
    scopes text NOT NULL,
    -- One a line.
    redirect_uris text NOT NULL,
    service_account_id uuid REFERENCES users (id),
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE INDEX oauth_clients_organization ON oauth_clients (organization_id, id) WHERE deleted_at IS NULL;

CREATE TABLE oauth_client_secrets (
    id uuid NOT NULL PRIMARY KEY,
    client_id uuid NOT NULL REFERENCES oauth_clients (id),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    last_four text NOT NULL,
    created_by uuid REFERENCES users (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz
);
CREATE UNIQUE INDEX oauth_client_secrets_client ON oauth_client_secrets (client_id, digest);

CREATE TABLE oauth_grants (
    id uuid NOT NULL PRIMARY KEY,
    client_id uuid NOT NULL REFERENCES oauth_clients (id),
    user_id uuid NOT NULL REFERENCES users (id),
    organization_id uuid REFERENCES organizations (id),
    scopes text NOT NULL,
    authenticated_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);
-- Those that ended, too: whoever ends all of a user's looks for the tokens under each.
CREATE INDEX oauth_grants_user ON oauth_grants (user_id, id);
CREATE INDEX oauth_grants_allowed ON oauth_grants (user_id, client_id, organization_id, scopes) WHERE revoked_at IS NULL;
CREATE INDEX oauth_grants_client ON oauth_grants (client_id, user_id);
CREATE INDEX oauth_grants_organization ON oauth_grants (organization_id, user_id) WHERE organization_id IS NOT NULL;
CREATE INDEX oauth_grants_created ON oauth_grants (created_at);

CREATE TABLE oauth_codes (
    digest bytea NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    grant_id uuid NOT NULL REFERENCES oauth_grants (id),
    redirect_uri text NOT NULL,
    challenge text NOT NULL,
    nonce text,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX oauth_codes_grant ON oauth_codes (grant_id);
CREATE INDEX oauth_codes_expiry ON oauth_codes (expires_at);

CREATE TABLE oauth_refresh_tokens (
    digest bytea NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    grant_id uuid NOT NULL REFERENCES oauth_grants (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX oauth_refresh_tokens_grant ON oauth_refresh_tokens (grant_id);
CREATE INDEX oauth_refresh_tokens_expiry ON oauth_refresh_tokens (expires_at);

CREATE TABLE oauth_devices (
    id uuid NOT NULL PRIMARY KEY,
    device_code bytea NOT NULL CHECK (length(device_code) = 32),
    user_code bytea NOT NULL CHECK (length(user_code) = 32),
    client_id uuid NOT NULL REFERENCES oauth_clients (id),
    -- As it was asked for: whether there is such an organization, the device is not told.
    organization_id uuid,
    scopes text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'allowed', 'denied', 'used')),
    grant_id uuid REFERENCES oauth_grants (id),
    poll_interval bigint NOT NULL,
    polled_at timestamptz,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX oauth_devices_device_code ON oauth_devices (device_code);
CREATE UNIQUE INDEX oauth_devices_user_code ON oauth_devices (user_code);
CREATE INDEX oauth_devices_grant ON oauth_devices (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX oauth_devices_expiry ON oauth_devices (expires_at);

CREATE TABLE signing_keys (
    id uuid NOT NULL PRIMARY KEY,
    private_key bytea NOT NULL,
    public_key bytea NOT NULL CHECK (length(public_key) = 65),
    created_at timestamptz NOT NULL,
    retired_at timestamptz
);

ALTER TABLE tokens ADD COLUMN client_id uuid REFERENCES oauth_clients (id);
ALTER TABLE tokens ADD COLUMN grant_id uuid REFERENCES oauth_grants (id);
ALTER TABLE tokens ADD COLUMN scopes text;
CREATE INDEX tokens_client ON tokens (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX tokens_grant ON tokens (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX tokens_of_clients ON tokens (expires_at) WHERE client_id IS NOT NULL;
-- What users see of their own, past what clients have.
CREATE INDEX tokens_own ON tokens (user_id, kind, id) WHERE client_id IS NULL AND revoked_at IS NULL;
