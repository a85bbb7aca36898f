-- In the order in which requests come to them, so that nobody waits in a circle.
LOCK TABLE users, invitations IN ACCESS EXCLUSIVE MODE;

ALTER TABLE invitations ADD CONSTRAINT invitations_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES users (id);
