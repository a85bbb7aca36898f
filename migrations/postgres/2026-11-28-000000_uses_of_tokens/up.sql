-- Every minute writes a use of each token that is in use: into the room that a page has left, no
-- index has to be told.
ALTER TABLE tokens SET (fillfactor = 75);
