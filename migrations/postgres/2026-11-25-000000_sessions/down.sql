DROP TABLE email_verifications;
DROP INDEX tokens_sessions;
DROP INDEX tokens_parent;
DELETE FROM tokens WHERE kind = 'session';
ALTER TABLE tokens DROP COLUMN parent_id;
ALTER TABLE tokens DROP COLUMN kind;
