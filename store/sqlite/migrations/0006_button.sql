-- Units as in 0001. What a link's rules set aside has a state of its own.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''own'', ''removed''', '''own'', ''excluded'', ''removed''') WHERE type = 'table' AND name = 'flattrs';
PRAGMA writable_schema = RESET;

ALTER TABLE links ADD COLUMN paused   INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)); -- nothing counts
ALTER TABLE links ADD COLUMN weight   INTEGER NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 10);
ALTER TABLE links ADD COLUMN matching TEXT NOT NULL DEFAULT '';                            -- a pattern a line

-- Authors whose things never count over a link.
CREATE TABLE nevers (
  link_id     INTEGER NOT NULL REFERENCES links (id),
  identity_id INTEGER NOT NULL REFERENCES identities (id),
  PRIMARY KEY (link_id, identity_id)
) STRICT, WITHOUT ROWID;

-- Things that count again each month, once by the month (kind 'subscription' of flattrs).
CREATE TABLE subscriptions (
  id          INTEGER PRIMARY KEY,
  account_id  INTEGER NOT NULL REFERENCES accounts (id),
  thing_id    INTEGER NOT NULL REFERENCES things (id),
  author_id   INTEGER NOT NULL REFERENCES identities (id),
  first_month INTEGER NOT NULL,
  last_month  INTEGER NOT NULL CHECK (last_month = 0 OR last_month >= first_month), -- 0: until stopped
  made_at     INTEGER NOT NULL,
  stopped_at  INTEGER NOT NULL DEFAULT 0,                                           -- 0: not
  UNIQUE (account_id, thing_id)
) STRICT;
CREATE INDEX subscriptions_author ON subscriptions (author_id);
