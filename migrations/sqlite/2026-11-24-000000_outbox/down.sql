ALTER TABLE invitations DROP COLUMN language;
DROP INDEX invitations_expiring;
DROP TABLE delivery_attempts;
DROP TABLE outbox;
DROP TABLE webhook_endpoints;
CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    organization_id BLOB REFERENCES organizations (id),
    invitation_id BLOB CHECK (length(invitation_id) = 16),
    secret TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
