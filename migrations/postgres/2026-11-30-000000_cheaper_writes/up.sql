-- In the order in which requests come to them, so that nobody waits in a circle.
LOCK TABLE users, invitations IN ACCESS EXCLUSIVE MODE;

-- PostgreSQL looks the user up in a statement of its own. Users are never removed, and whoever accepts
-- is locked.
ALTER TABLE invitations DROP CONSTRAINT invitations_accepted_by_fkey;
