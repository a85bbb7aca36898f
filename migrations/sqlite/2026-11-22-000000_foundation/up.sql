-- Ids are 16-byte UUIDs, times are milliseconds since 1970, truth values are 0 and 1. The tables
-- have no rowid: a row lies in the index of its primary key, which costs one descent, not two.

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('person', 'service_account')),
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    display_name TEXT NOT NULL,
    superuser INTEGER NOT NULL CHECK (superuser IN (0, 1)),
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX users_email_key ON users (email_key);

CREATE TABLE organizations (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    slug TEXT NOT NULL,
    description TEXT,
    owner_id BLOB NOT NULL REFERENCES users (id),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    logo_url TEXT,
    logo_media_type TEXT,
    logo_bytes BLOB,
    CHECK ((logo_media_type IS NULL) = (logo_bytes IS NULL)),
    CHECK (logo_url IS NULL OR logo_bytes IS NULL)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX organizations_live_slug ON organizations (slug) WHERE deleted_at IS NULL;
CREATE INDEX organizations_owner ON organizations (owner_id) WHERE deleted_at IS NULL;

CREATE TABLE memberships (
    id BLOB NOT NULL CHECK (length(id) = 16),
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id),
    roles TEXT NOT NULL CHECK (roles <> ''),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, user_id)
) STRICT, WITHOUT ROWID;
-- The list of an organization's members, in the order in which they joined.
CREATE UNIQUE INDEX memberships_organization_id ON memberships (organization_id, id);
-- The list of a user's organizations.
CREATE UNIQUE INDEX memberships_user_organization ON memberships (user_id, organization_id);

CREATE TABLE personal_access_tokens (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    last_four TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX personal_access_tokens_digest ON personal_access_tokens (digest);
CREATE INDEX personal_access_tokens_user ON personal_access_tokens (user_id, id);

-- One row: what all replicas of an installation share.
CREATE TABLE installation (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    page_token_key BLOB NOT NULL CHECK (length(page_token_key) = 32)
) STRICT;
