-- Indexes that every request pays for, and few or none ask for.

-- All at once, in the order in which requests come to them, so that nobody waits in a circle.
LOCK TABLE organizations, memberships, invitations, outbox, audit_entries, invitation_roles IN ACCESS EXCLUSIVE MODE;

-- The secret of an invitation names the invitation since. Those that were mailed before do not, and
-- are found as they were.
ALTER TABLE invitations ADD COLUMN secret_names_id boolean NOT NULL DEFAULT false;
DROP INDEX invitations_digest;
CREATE UNIQUE INDEX invitations_digest ON invitations (digest) WHERE NOT secret_names_id;

-- As on SQLite, where it decides in which order rows lie.
ALTER TABLE invitation_roles DROP CONSTRAINT invitation_roles_organization_id_invitation_id_fkey;
ALTER TABLE invitations DROP CONSTRAINT invitations_pkey, ADD PRIMARY KEY (id);
DROP INDEX invitations_id;
CREATE UNIQUE INDEX invitations_organization ON invitations (organization_id, id);
ALTER TABLE invitation_roles ADD FOREIGN KEY (organization_id, invitation_id) REFERENCES invitations (organization_id, id);

-- Operators ask now and then for the messages of an organization; every invitation paid for it.
DROP INDEX outbox_organization;

-- Most memberships are never changed. Those are found by when they were made.
DROP INDEX memberships_updated;
CREATE INDEX memberships_updated ON memberships (organization_id, updated_at, id) WHERE updated_at <> created_at;

-- PostgreSQL reads the text of a check anew in every statement that writes into its table. Here, where
-- requests write, what may stand in a column is for the program to say (docs/decisions/0033).
ALTER TABLE organizations
    DROP CONSTRAINT organizations_check,
    DROP CONSTRAINT organizations_check1,
    DROP CONSTRAINT organizations_member_quota_check,
    DROP CONSTRAINT organizations_subscription_status_check,
    DROP CONSTRAINT organizations_version_check,
    DROP CONSTRAINT organizations_workspace_quota_check;
ALTER TABLE memberships
    DROP CONSTRAINT memberships_roles_check,
    DROP CONSTRAINT memberships_version_check;
ALTER TABLE invitations
    DROP CONSTRAINT invitations_digest_check,
    DROP CONSTRAINT invitations_roles_check,
    DROP CONSTRAINT invitations_state_check,
    DROP CONSTRAINT invitations_version_check;
ALTER TABLE audit_entries
    DROP CONSTRAINT audit_entries_chain_kind_check,
    DROP CONSTRAINT audit_entries_digest_check,
    DROP CONSTRAINT audit_entries_previous_check,
    DROP CONSTRAINT audit_entries_sequence_check;
ALTER TABLE outbox
    DROP CONSTRAINT outbox_attempts_check,
    DROP CONSTRAINT outbox_check,
    DROP CONSTRAINT outbox_sequence_check,
    DROP CONSTRAINT outbox_state_check;
