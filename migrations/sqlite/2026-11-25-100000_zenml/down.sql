DROP INDEX workspaces_id;
DROP INDEX roles_id;
DROP INDEX organizations_live_created;
DROP INDEX organizations_live_name;
ALTER TABLE organizations DROP COLUMN links;
