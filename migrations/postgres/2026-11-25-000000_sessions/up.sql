-- Browser sessions: tokens that are presented in cookies.

ALTER TABLE tokens ADD COLUMN kind text NOT NULL DEFAULT 'access' CHECK (kind IN ('access', 'session'));
ALTER TABLE tokens ADD COLUMN parent_id uuid REFERENCES tokens (id);
CREATE INDEX tokens_parent ON tokens (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tokens_sessions ON tokens (expires_at) WHERE kind = 'session';
