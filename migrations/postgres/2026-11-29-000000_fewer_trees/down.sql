DROP INDEX memberships_updated;
CREATE INDEX memberships_updated ON memberships (organization_id, updated_at, id);
CREATE INDEX outbox_organization ON outbox (organization_id, id) WHERE organization_id IS NOT NULL;
DROP INDEX invitations_digest;
CREATE UNIQUE INDEX invitations_digest ON invitations (digest);
ALTER TABLE invitations DROP COLUMN secret_names_id;
