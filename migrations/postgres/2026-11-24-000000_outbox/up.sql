-- What leaves Rollbook: the outbox with what became of each message, and webhook endpoints.

CREATE TABLE webhook_endpoints (
    id uuid NOT NULL,
    organization_id uuid NOT NULL REFERENCES organizations (id),
    url text NOT NULL,
    description text NOT NULL,
    event_types text NOT NULL,
    status text NOT NULL CHECK (status IN ('enabled', 'disabled', 'gone', 'failing')),
    secret text NOT NULL,
    previous_secret text,
    previous_secret_until timestamptz,
    position bigint NOT NULL CHECK (position >= 0),
    head bigint NOT NULL CHECK (head >= 0),
    failing_since timestamptz,
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX webhook_endpoints_id ON webhook_endpoints (id);
-- Who writes into a log tells these where it ends.
CREATE INDEX webhook_endpoints_enabled ON webhook_endpoints (organization_id) WHERE status = 'enabled' AND deleted_at IS NULL;
-- The worker asks again and again which of these are behind; mostly none is.
CREATE INDEX webhook_endpoints_behind ON webhook_endpoints (head, id) WHERE status = 'enabled' AND deleted_at IS NULL AND position < head;

ALTER TABLE outbox RENAME TO outbox_before;
ALTER INDEX outbox_pkey RENAME TO outbox_before_pkey;
CREATE TABLE outbox (
    id uuid NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'delivered', 'canceled', 'dead')),
    organization_id uuid REFERENCES organizations (id),
    recipient text,
    subject_id uuid,
    secret text,
    endpoint_id uuid,
    sequence bigint CHECK (sequence >= 1),
    attempts integer NOT NULL CHECK (attempts >= 0),
    begun integer NOT NULL CHECK (begun >= attempts),
    due_at timestamptz NOT NULL,
    last_error text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    FOREIGN KEY (organization_id, endpoint_id) REFERENCES webhook_endpoints (organization_id, id)
);
INSERT INTO outbox (id, kind, state, organization_id, recipient, subject_id, secret, attempts, begun, due_at, created_at)
    SELECT id, kind, 'pending', organization_id, recipient, invitation_id, secret, 0, 0, created_at, created_at
    FROM outbox_before;
DROP TABLE outbox_before;
-- One for each way to travel, so that what may not be taken is in nobody's way. The metrics read the
-- age of the oldest from them, too, and SQLite only if all columns are there.
CREATE INDEX outbox_due_letters ON outbox (due_at, id, created_at, endpoint_id) WHERE state = 'pending' AND endpoint_id IS NULL;
CREATE INDEX outbox_due_events ON outbox (due_at, id, created_at, endpoint_id) WHERE state = 'pending' AND endpoint_id IS NOT NULL;
-- What was not even tried for an endpoint: it is not sent more before there is less of it.
CREATE INDEX outbox_untried ON outbox (endpoint_id, id) WHERE state = 'pending' AND attempts = 0 AND endpoint_id IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (id) WHERE state = 'dead';
CREATE INDEX outbox_organization ON outbox (organization_id, id) WHERE organization_id IS NOT NULL;
CREATE INDEX outbox_endpoint ON outbox (endpoint_id, id) WHERE endpoint_id IS NOT NULL;
CREATE INDEX outbox_finished ON outbox (state, finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE delivery_attempts (
    message_id uuid NOT NULL REFERENCES outbox (id),
    number integer NOT NULL CHECK (number >= 1),
    at timestamptz NOT NULL,
    milliseconds integer NOT NULL CHECK (milliseconds >= 0),
    status integer,
    error text,
    response text,
    PRIMARY KEY (message_id, number)
);

-- In which language an invitation's letters are written.
ALTER TABLE invitations ADD COLUMN language text;
-- Once a minute it is asked which of these have run out.
CREATE INDEX invitations_expiring ON invitations (expires_at, organization_id, id) WHERE state = 'pending';
