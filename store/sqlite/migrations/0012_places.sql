-- Units as in 0001. When it was last looked where an author takes money, and what was found.
CREATE TABLE searches (
  identity_id INTEGER PRIMARY KEY REFERENCES identities (id),
  looked_at   INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL         -- then it is looked again
) STRICT;
CREATE INDEX searches_expire ON searches (expires_at);

-- The verified ones come first. Whose first is verified can be paid without having joined.
CREATE TABLE places (
  identity_id INTEGER NOT NULL REFERENCES searches (identity_id),
  rank        INTEGER NOT NULL,
  destination TEXT NOT NULL CHECK (destination <> ''),
  source      TEXT NOT NULL,
  payee       TEXT NOT NULL,           -- as it is shown there
  page        TEXT NOT NULL,           -- where it is published
  verified    INTEGER NOT NULL CHECK (verified IN (0, 1)),
  reason      TEXT NOT NULL,           -- why it is, or not
  etag        TEXT NOT NULL,           -- of the page; '': none
  PRIMARY KEY (identity_id, rank)
) STRICT, WITHOUT ROWID;

-- Of a payment to somebody who never joined: who is paid there, how it was found, and when it was last seen.
ALTER TABLE payments ADD COLUMN shown     TEXT NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN source    TEXT NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0;
