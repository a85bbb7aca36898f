ALTER TABLE audit_entries RENAME TO audit_entries_after;
CREATE TABLE audit_entries (
    chain_id BLOB NOT NULL CHECK (length(chain_id) = 16),
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    chain_kind TEXT NOT NULL CHECK (chain_kind IN ('organization', 'user')),
    at INTEGER NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BLOB CHECK (length(actor_id) = 16),
    token_id BLOB CHECK (length(token_id) = 16),
    act TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id BLOB NOT NULL CHECK (length(target_id) = 16),
    address TEXT,
    request_id TEXT,
    changes TEXT NOT NULL,
    previous BLOB NOT NULL CHECK (length(previous) = 32),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (chain_id, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO audit_entries (chain_id, sequence, chain_kind, at, actor_kind, actor_id, token_id, act, target_kind, target_id, address, request_id, changes, previous, digest)
    SELECT chain_id, sequence, chain_kind, at, actor_kind, actor_id, token_id, act, target_kind, target_id, address, request_id, changes, previous, digest
    FROM audit_entries_after;
DROP TABLE audit_entries_after;
CREATE INDEX outbox_organization ON outbox (organization_id, id) WHERE organization_id IS NOT NULL;
DROP INDEX invitations_digest;
CREATE UNIQUE INDEX invitations_digest ON invitations (digest);
ALTER TABLE invitations DROP COLUMN secret_names_id;
