-- All at once, in the order in which requests come to them, so that nobody waits in a circle.
LOCK TABLE organizations, memberships, invitations, outbox, audit_entries, invitation_roles IN ACCESS EXCLUSIVE MODE;

ALTER TABLE organizations
    ADD CONSTRAINT organizations_check CHECK ((logo_media_type IS NULL) = (logo_bytes IS NULL)),
    ADD CONSTRAINT organizations_check1 CHECK (logo_url IS NULL OR logo_bytes IS NULL),
    ADD CONSTRAINT organizations_member_quota_check CHECK (member_quota >= 0),
    ADD CONSTRAINT organizations_subscription_status_check CHECK (subscription_status IN ('none', 'trial', 'active', 'past_due', 'canceled')),
    ADD CONSTRAINT organizations_version_check CHECK (version >= 1),
    ADD CONSTRAINT organizations_workspace_quota_check CHECK (workspace_quota >= 0);
ALTER TABLE memberships
    ADD CONSTRAINT memberships_roles_check CHECK (roles <> ''),
    ADD CONSTRAINT memberships_version_check CHECK (version >= 1);
ALTER TABLE invitations
    ADD CONSTRAINT invitations_digest_check CHECK (length(digest) = 32),
    ADD CONSTRAINT invitations_roles_check CHECK (roles <> ''),
    ADD CONSTRAINT invitations_state_check CHECK (state IN ('pending', 'accepted', 'declined', 'revoked', 'expired')),
    ADD CONSTRAINT invitations_version_check CHECK (version >= 1);
ALTER TABLE audit_entries
    ADD CONSTRAINT audit_entries_chain_kind_check CHECK (chain_kind IN ('organization', 'user')),
    ADD CONSTRAINT audit_entries_digest_check CHECK (length(digest) = 32),
    ADD CONSTRAINT audit_entries_previous_check CHECK (length(previous) = 32),
    ADD CONSTRAINT audit_entries_sequence_check CHECK (sequence >= 1);
ALTER TABLE outbox
    ADD CONSTRAINT outbox_attempts_check CHECK (attempts >= 0),
    ADD CONSTRAINT outbox_check CHECK (begun >= attempts),
    ADD CONSTRAINT outbox_sequence_check CHECK (sequence >= 1),
    ADD CONSTRAINT outbox_state_check CHECK (state IN ('pending', 'delivered', 'canceled', 'dead'));
DROP INDEX memberships_updated;
CREATE INDEX memberships_updated ON memberships (organization_id, updated_at, id);
CREATE INDEX outbox_organization ON outbox (organization_id, id) WHERE organization_id IS NOT NULL;
DROP INDEX invitations_digest;
CREATE UNIQUE INDEX invitations_digest ON invitations (digest);
ALTER TABLE invitations DROP COLUMN secret_names_id;
ALTER TABLE invitation_roles DROP CONSTRAINT invitation_roles_organization_id_invitation_id_fkey;
ALTER TABLE invitations DROP CONSTRAINT invitations_pkey, ADD PRIMARY KEY (organization_id, id);
DROP INDEX invitations_organization;
CREATE UNIQUE INDEX invitations_id ON invitations (id);
ALTER TABLE invitation_roles ADD FOREIGN KEY (organization_id, invitation_id) REFERENCES invitations (organization_id, id);
