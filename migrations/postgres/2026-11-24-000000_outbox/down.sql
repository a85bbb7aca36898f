ALTER TABLE invitations DROP COLUMN language;
DROP INDEX invitations_expiring;
DROP TABLE delivery_attempts;
DROP TABLE outbox;
DROP TABLE webhook_endpoints;
CREATE TABLE outbox (
    id uuid NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    recipient text NOT NULL,
    organization_id uuid REFERENCES organizations (id),
    invitation_id uuid,
    secret text,
    created_at timestamptz NOT NULL
);
