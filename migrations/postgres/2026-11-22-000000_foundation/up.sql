CREATE TABLE users (
    id uuid NOT NULL PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('person', 'service_account')),
    email text NOT NULL,
    email_key text NOT NULL,
    display_name text NOT NULL,
    superuser boolean NOT NULL,
    active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_email_key ON users (email_key);

CREATE TABLE organizations (
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    name_key text NOT NULL,
    slug text NOT NULL,
    description text,
    owner_id uuid NOT NULL REFERENCES users (id),
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    logo_url text,
    logo_media_type text,
    logo_bytes bytea,
    CHECK ((logo_media_type IS NULL) = (logo_bytes IS NULL)),
    CHECK (logo_url IS NULL OR logo_bytes IS NULL)
);
CREATE UNIQUE INDEX organizations_live_slug ON organizations (slug) WHERE deleted_at IS NULL;
CREATE INDEX organizations_owner ON organizations (owner_id) WHERE deleted_at IS NULL;

CREATE TABLE memberships (
    id uuid NOT NULL,
    organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id),
    roles text NOT NULL CHECK (roles <> ''),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
-- The list of an organization's members, in the order in which they joined.
CREATE UNIQUE INDEX memberships_organization_id ON memberships (organization_id, id);
-- The list of a user's organizations.
CREATE UNIQUE INDEX memberships_user_organization ON memberships (user_id, organization_id);

CREATE TABLE personal_access_tokens (
    id uuid NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name text NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    last_four text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE UNIQUE INDEX personal_access_tokens_digest ON personal_access_tokens (digest);
CREATE INDEX personal_access_tokens_user ON personal_access_tokens (user_id, id);

-- One row: what all replicas of an installation share.
CREATE TABLE installation (
    id integer NOT NULL PRIMARY KEY CHECK (id = 1),
    page_token_key bytea NOT NULL CHECK (length(page_token_key) = 32)
);
