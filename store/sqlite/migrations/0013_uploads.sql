-- Export files that were handed in by the pages, until they are taken in, and what was found in the last. The files themselves
-- lie beside the database, with the process that took them.
CREATE TABLE uploads (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  name       TEXT NOT NULL,     -- of the files, as the browser said
  owner      TEXT NOT NULL,     -- id at the network, as somebody typed it
  state      TEXT NOT NULL CHECK (state IN ('waits', 'works', 'done', 'failed')),
  likes      INTEGER NOT NULL,  -- read so far
  made_at    INTEGER NOT NULL,
  found      TEXT NOT NULL      -- done: what became of them, JSON; failed: why, in words
) STRICT;
CREATE UNIQUE INDEX uploads_one ON uploads (account_id) WHERE state IN ('waits', 'works');
