-- What leaves Rollbook: the outbox with what became of each message, and webhook endpoints.

CREATE TABLE webhook_endpoints (
    id BLOB NOT NULL CHECK (length(id) = 16),
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    event_types TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('enabled', 'disabled', 'gone', 'failing')),
    secret TEXT NOT NULL,
    previous_secret TEXT,
    previous_secret_until INTEGER,
    position INTEGER NOT NULL CHECK (position >= 0),
    head INTEGER NOT NULL CHECK (head >= 0),
    failing_since INTEGER,
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX webhook_endpoints_id ON webhook_endpoints (id);
-- Who writes into a log tells these where it ends.
CREATE INDEX webhook_endpoints_enabled ON webhook_endpoints (organization_id) WHERE status = 'enabled' AND deleted_at IS NULL;
-- The worker asks again and again which of these are behind; mostly none is.
CREATE INDEX webhook_endpoints_behind ON webhook_endpoints (head, id) WHERE status = 'enabled' AND deleted_at IS NULL AND position < head;

ALTER TABLE outbox RENAME TO outbox_before;
CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'canceled', 'dead')),
    organization_id BLOB REFERENCES organizations (id),
    recipient TEXT,
    subject_id BLOB CHECK (length(subject_id) = 16),
    secret TEXT,
    endpoint_id BLOB,
    sequence INTEGER CHECK (sequence >= 1),
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    begun INTEGER NOT NULL CHECK (begun >= attempts),
    due_at INTEGER NOT NULL,
    last_error TEXT,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    FOREIGN KEY (organization_id, endpoint_id) REFERENCES webhook_endpoints (organization_id, id)
) STRICT, WITHOUT ROWID;
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
    message_id BLOB NOT NULL REFERENCES outbox (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    at INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL CHECK (milliseconds >= 0),
    status INTEGER,
    error TEXT,
    response TEXT,
    PRIMARY KEY (message_id, number)
) STRICT, WITHOUT ROWID;

-- In which language an invitation's letters are written.
ALTER TABLE invitations ADD COLUMN language TEXT;
-- Once a minute it is asked which of these have run out.
CREATE INDEX invitations_expiring ON invitations (expires_at, organization_id, id) WHERE state = 'pending';
