-- Passwords, and the ways to a new one.

CREATE TABLE passwords (
    user_id uuid NOT NULL PRIMARY KEY REFERENCES users (id),
    hash text NOT NULL CHECK (hash LIKE '$%'),
    changed_at timestamptz NOT NULL
);

CREATE TABLE password_resets (
    user_id uuid NOT NULL PRIMARY KEY REFERENCES users (id),
    email text NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX password_resets_digest ON password_resets (digest);
