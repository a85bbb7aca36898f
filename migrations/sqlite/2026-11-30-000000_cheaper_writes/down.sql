-- The default of a state stays: SQLite takes none away, and whoever adds a row names its state.

ALTER TABLE organizations RENAME COLUMN subscription_status TO subscription_status_before;
ALTER TABLE organizations ADD COLUMN subscription_status TEXT NOT NULL DEFAULT 'none'
    CHECK (subscription_status IN ('none', 'trial', 'active', 'past_due', 'canceled'));
UPDATE organizations SET subscription_status = subscription_status_before
    WHERE subscription_status_before <> 'none';
ALTER TABLE organizations DROP COLUMN subscription_status_before;

DROP INDEX invitations_pending;
DROP INDEX invitations_email;
DROP INDEX invitations_expiring;
ALTER TABLE invitations RENAME COLUMN state TO state_before;
ALTER TABLE invitations RENAME COLUMN accepted_by TO accepted_by_before;
ALTER TABLE invitations ADD COLUMN state TEXT NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'accepted', 'declined', 'revoked', 'expired'));
ALTER TABLE invitations ADD COLUMN accepted_by BLOB REFERENCES users (id);
UPDATE invitations SET state = state_before, accepted_by = accepted_by_before;
ALTER TABLE invitations DROP COLUMN state_before;
ALTER TABLE invitations DROP COLUMN accepted_by_before;
CREATE UNIQUE INDEX invitations_pending ON invitations (organization_id, email_key) WHERE state = 'pending';
CREATE INDEX invitations_email ON invitations (email_key, id) WHERE state = 'pending';
CREATE INDEX invitations_expiring ON invitations (expires_at, organization_id, id) WHERE state = 'pending';

DROP INDEX outbox_due_letters;
DROP INDEX outbox_due_events;
DROP INDEX outbox_untried;
DROP INDEX outbox_dead;
DROP INDEX outbox_finished;
ALTER TABLE outbox RENAME COLUMN state TO state_before;
ALTER TABLE outbox ADD COLUMN state TEXT NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'delivered', 'canceled', 'dead'));
UPDATE outbox SET state = state_before;
ALTER TABLE outbox DROP COLUMN state_before;
CREATE INDEX outbox_due_letters ON outbox (due_at, id, created_at, endpoint_id) WHERE state = 'pending' AND endpoint_id IS NULL;
CREATE INDEX outbox_due_events ON outbox (due_at, id, created_at, endpoint_id) WHERE state = 'pending' AND endpoint_id IS NOT NULL;
CREATE INDEX outbox_untried ON outbox (endpoint_id, id) WHERE state = 'pending' AND attempts = 0 AND endpoint_id IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (id) WHERE state = 'dead';
CREATE INDEX outbox_finished ON outbox (state, finished_at) WHERE finished_at IS NOT NULL;
