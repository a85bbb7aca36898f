-- Passwords, and the ways to a new one.

CREATE TABLE passwords (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    hash TEXT NOT NULL CHECK (hash LIKE '$%'),
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE password_resets (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    email TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX password_resets_digest ON password_resets (digest);
