-- What is written for an organization lies far from what is written for another, so a request changes
-- a page in each tree that is ordered by organization, or by chance. These are not worth theirs.

-- The secret of an invitation names the invitation since. Those that were mailed before do not, and
-- are found as they were.
ALTER TABLE invitations ADD COLUMN secret_names_id INTEGER NOT NULL DEFAULT 0 CHECK (secret_names_id IN (0, 1));
DROP INDEX invitations_digest;
CREATE UNIQUE INDEX invitations_digest ON invitations (digest) WHERE NOT secret_names_id;

-- Operators ask now and then for the messages of an organization; every invitation paid for it.
DROP INDEX outbox_organization;

-- Entries are long. In the order of their organizations, they split pages among each other's; in the
-- order in which they are written, only their keys do (docs/decisions/0007).
ALTER TABLE audit_entries RENAME TO audit_entries_before;
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
) STRICT;
INSERT INTO audit_entries (chain_id, sequence, chain_kind, at, actor_kind, actor_id, token_id, act, target_kind, target_id, address, request_id, changes, previous, digest)
    SELECT chain_id, sequence, chain_kind, at, actor_kind, actor_id, token_id, act, target_kind, target_id, address, request_id, changes, previous, digest
    FROM audit_entries_before ORDER BY at;
DROP TABLE audit_entries_before;
