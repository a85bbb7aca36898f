-- What the ZenML dialect needs: links of organizations, and ways to find what is known by its name
-- or its id alone.

ALTER TABLE organizations ADD COLUMN links text;
-- Names may repeat; some dialects find organizations by them, and give none that is taken.
CREATE INDEX organizations_live_name ON organizations (name_key, id) WHERE deleted_at IS NULL;
-- All of them, the oldest first.
CREATE INDEX organizations_live_created ON organizations (created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX roles_id ON roles (id);
-- Not unique: callers choose ids, and must not learn what other organizations have chosen.
CREATE INDEX workspaces_id ON workspaces (id);
