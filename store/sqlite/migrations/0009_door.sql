-- Units as in 0001.

-- Links by which an author whom nobody claims learns what waits. There is one an author, and nobody can tell who asked for it.
CREATE TABLE claim_links (
  id          INTEGER PRIMARY KEY,
  identity_id INTEGER NOT NULL UNIQUE REFERENCES identities (id),
  token       BLOB NOT NULL UNIQUE, -- hash
  sealed      BLOB NOT NULL,        -- the token, for the pages of those who pass it on
  made_at     INTEGER NOT NULL
) STRICT;

-- Somebody who has no account yet may connect too. Whoever was connecting begins again.
DROP TABLE attempts;
CREATE TABLE attempts (
  id            INTEGER PRIMARY KEY,
  state         TEXT NOT NULL UNIQUE, -- hash, hex
  browser       TEXT NOT NULL,        -- hash, hex
  account_id    INTEGER REFERENCES accounts (id), -- NULL: nobody is signed in
  network       TEXT NOT NULL,
  host          TEXT NOT NULL,
  purpose       TEXT NOT NULL,
  link_id       INTEGER REFERENCES links (id), -- NULL: a new one
  claim_link_id INTEGER REFERENCES claim_links (id) ON DELETE CASCADE, -- NULL: none was followed
  handle        TEXT NOT NULL,
  month         INTEGER NOT NULL CHECK (month IN (0, 1)), -- count this month so far
  verifier      BLOB,                 -- sealed; NULL: none
  request       TEXT NOT NULL,
  expires_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_account ON attempts (account_id);
CREATE INDEX attempts_claim_link ON attempts (claim_link_id);
CREATE INDEX attempts_expire ON attempts (expires_at);
