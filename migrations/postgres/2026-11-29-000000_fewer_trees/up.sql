-- Indexes that every request pays for, and few or none ask for.

-- The secret of an invitation names the invitation since. Those that were mailed before do not, and
-- are found as they were.
ALTER TABLE invitations ADD COLUMN secret_names_id boolean NOT NULL DEFAULT false;
DROP INDEX invitations_digest;
CREATE UNIQUE INDEX invitations_digest ON invitations (digest) WHERE NOT secret_names_id;

-- Operators ask now and then for the messages of an organization; every invitation paid for it.
DROP INDEX outbox_organization;

-- Most memberships are never changed. Those are found by when they were made.
DROP INDEX memberships_updated;
CREATE INDEX memberships_updated ON memberships (organization_id, updated_at, id) WHERE updated_at <> created_at;
