-- Browser sessions: tokens that are presented in cookies. Verifications of addresses.

ALTER TABLE tokens ADD COLUMN kind TEXT NOT NULL DEFAULT 'access' CHECK (kind IN ('access', 'session'));
ALTER TABLE tokens ADD COLUMN parent_id BLOB REFERENCES tokens (id);
CREATE INDEX tokens_parent ON tokens (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tokens_sessions ON tokens (expires_at) WHERE kind = 'session';

CREATE TABLE email_verifications (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    email TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX email_verifications_digest ON email_verifications (digest);
