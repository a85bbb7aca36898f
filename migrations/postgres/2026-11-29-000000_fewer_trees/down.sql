CREATE INDEX outbox_organization ON outbox (organization_id, id) WHERE organization_id IS NOT NULL;
DROP INDEX invitations_digest;
CREATE UNIQUE INDEX invitations_digest ON invitations (digest);
ALTER TABLE invitations DROP COLUMN secret_names_id;
