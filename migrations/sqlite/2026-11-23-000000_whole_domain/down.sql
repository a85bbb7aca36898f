DROP TABLE outbox;
DROP TABLE requests;
DROP TABLE audit_entries;
DROP TABLE organization_domains;
DROP TABLE workspace_preferences;
DROP TABLE organization_preferences;
DROP TABLE invitation_roles;
DROP TABLE invitations;
DROP TABLE workspace_membership_roles;
DROP TABLE workspace_memberships;
DROP TABLE workspaces;
DROP TABLE membership_roles;
DROP TABLE roles;

DROP INDEX tokens_organization;
ALTER TABLE tokens DROP COLUMN organization_id;
ALTER TABLE tokens DROP COLUMN created_by;
DROP INDEX tokens_digest;
DROP INDEX tokens_user;
ALTER TABLE tokens RENAME TO personal_access_tokens;
CREATE UNIQUE INDEX personal_access_tokens_digest ON personal_access_tokens (digest);
CREATE INDEX personal_access_tokens_user ON personal_access_tokens (user_id, id);

CREATE UNIQUE INDEX memberships_organization_id ON memberships (organization_id, id);
DROP INDEX memberships_display_name;
DROP INDEX memberships_email;
DROP INDEX memberships_created;
DROP INDEX memberships_updated;
ALTER TABLE memberships DROP COLUMN version;
ALTER TABLE memberships DROP COLUMN display_name_key;
ALTER TABLE memberships DROP COLUMN email_key;

ALTER TABLE organizations DROP COLUMN subscription_status;
ALTER TABLE organizations DROP COLUMN trial_ends_at;
ALTER TABLE organizations DROP COLUMN member_quota;
ALTER TABLE organizations DROP COLUMN workspace_quota;

DROP INDEX users_service_accounts;
ALTER TABLE users DROP COLUMN email_verified_at;
ALTER TABLE users DROP COLUMN organization_id;
ALTER TABLE users DROP COLUMN trial_started_at;
ALTER TABLE users DROP COLUMN version;
ALTER TABLE users DROP COLUMN deleted_at;
