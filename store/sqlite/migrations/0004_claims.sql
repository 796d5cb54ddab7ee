-- A claim is looked at again: whoever can no longer show that the identity is theirs is not paid for it until they can.
ALTER TABLE claims ADD COLUMN checked_at INTEGER NOT NULL DEFAULT 0; -- when it was last seen to hold
ALTER TABLE claims ADD COLUMN tried_at   INTEGER NOT NULL DEFAULT 0; -- when it was last looked at, whatever came of it
ALTER TABLE claims ADD COLUMN lapsed_at  INTEGER NOT NULL DEFAULT 0; -- since when it is not verified; 0: it is
ALTER TABLE claims ADD COLUMN reason     TEXT NOT NULL DEFAULT '';   -- why
ALTER TABLE claims ADD COLUMN shown      TEXT NOT NULL DEFAULT '';   -- the token in the public profile that proves it; '': none
ALTER TABLE claims ADD COLUMN page       TEXT NOT NULL DEFAULT '';   -- the page with rel="me" that holds it; '': the profile does
UPDATE claims SET checked_at = proved_at;
CREATE INDEX payments_payee ON payments (payee_id);

-- A proof that was begun: the token waits to be found in a public profile. It is no secret once it is there.
CREATE TABLE proofs (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  network    TEXT NOT NULL,
  host       TEXT NOT NULL,
  handle     TEXT NOT NULL,          -- as it was typed, in small letters
  token      TEXT NOT NULL UNIQUE,
  made_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  UNIQUE (account_id, network, host, handle)
) STRICT;
CREATE INDEX proofs_expire ON proofs (expires_at);

-- Two accounts have proved one identity. It is the first's until the dispute has ended, and nothing is paid for it.
CREATE TABLE disputes (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  identity_id INTEGER NOT NULL REFERENCES identities (id),
  first_id    INTEGER NOT NULL REFERENCES accounts (id),
  second_id   INTEGER NOT NULL REFERENCES accounts (id),
  proof       TEXT NOT NULL,         -- of the second, as in claims
  proved_at   INTEGER NOT NULL,
  shown       TEXT NOT NULL,
  page        TEXT NOT NULL,
  token       BLOB,                  -- sealed; NULL: none, and once it has ended
  opened_at   INTEGER NOT NULL,
  ends_at     INTEGER NOT NULL,      -- then it is the second's, unless the first has proved it again
  decided_at  INTEGER NOT NULL DEFAULT 0, -- 0: open
  outcome     TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'first', 'second', 'withdrawn') AND (outcome = '') = (decided_at = 0)),
  CHECK (first_id <> second_id)
) STRICT;
CREATE UNIQUE INDEX disputes_open ON disputes (identity_id) WHERE decided_at = 0;
CREATE INDEX disputes_identity ON disputes (identity_id, second_id);
CREATE INDEX disputes_first ON disputes (first_id);
CREATE INDEX disputes_second ON disputes (second_id);
