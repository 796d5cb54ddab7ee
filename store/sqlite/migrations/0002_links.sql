-- Units as in 0001. "Sealed": opens with the key file beside the database only, and only in its own row.

ALTER TABLE links ADD COLUMN held_until INTEGER NOT NULL DEFAULT 0; -- while somebody renews the token; 0: nobody does
ALTER TABLE links ADD COLUMN next_walk  INTEGER NOT NULL DEFAULT 0; -- 0: not yet
ALTER TABLE claims ADD COLUMN token BLOB;                           -- sealed; NULL: none

-- Walks of the whole list, in a row, that did not find it. At 2 the like was taken back: such a removed flattr comes back
-- when it is liked again.
ALTER TABLE flattrs ADD COLUMN absences INTEGER NOT NULL DEFAULT 0
  CHECK (absences BETWEEN 0 AND 2 AND (absences < 2 OR state = 'removed'));

-- A provisional identity ("@handle", "~thing") is not known well enough to be proved.
CREATE TRIGGER claims_known BEFORE INSERT ON claims
WHEN (SELECT subject FROM identities WHERE id = NEW.identity_id) GLOB '[@~]?*'
BEGIN
  SELECT RAISE(ABORT, 'flattery: a provisional identity is not claimed');
END;

-- The keys by which a network knows this instance, as far as they were entered in the pages.
CREATE TABLE apps (
  network  TEXT PRIMARY KEY,
  keys     BLOB,                  -- sealed; NULL: none were entered here
  token    BLOB,                  -- sealed; of the instance itself; NULL: none
  saved_at INTEGER NOT NULL       -- of the keys; 0: none
) STRICT, WITHOUT ROWID;

-- What a network took in a month of UTC, in millionths of the currency of its prices.
CREATE TABLE spendings (
  network TEXT NOT NULL,
  month   INTEGER NOT NULL,
  amount  INTEGER NOT NULL CHECK (amount >= 0),
  likes   INTEGER NOT NULL CHECK (likes >= 0), -- that were read
  PRIMARY KEY (network, month)
) STRICT, WITHOUT ROWID;

-- OAuth flows that wait for their callback.
CREATE TABLE attempts (
  id         INTEGER PRIMARY KEY,
  state      TEXT NOT NULL UNIQUE, -- hash, hex
  browser    TEXT NOT NULL,        -- hash, hex
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  network    TEXT NOT NULL,
  host       TEXT NOT NULL,
  purpose    TEXT NOT NULL,
  link_id    INTEGER REFERENCES links (id), -- NULL: a new one
  handle     TEXT NOT NULL,
  month      INTEGER NOT NULL CHECK (month IN (0, 1)), -- count this month so far
  verifier   BLOB,                 -- sealed; NULL: none
  request    TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_account ON attempts (account_id);
CREATE INDEX attempts_expire ON attempts (expires_at);

-- Whose export files an account has taken in.
CREATE TABLE imports (
  account_id  INTEGER NOT NULL REFERENCES accounts (id),
  identity_id INTEGER NOT NULL REFERENCES identities (id),
  files       INTEGER NOT NULL,
  first_at    INTEGER NOT NULL,
  last_at     INTEGER NOT NULL,
  PRIMARY KEY (account_id, identity_id)
) STRICT, WITHOUT ROWID;
