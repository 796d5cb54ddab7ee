-- Units as in 0001.

-- What an account is told, each once, as it stood then. Nobody is named but the account's own identities.
CREATE TABLE notices (
  id         INTEGER PRIMARY KEY AUTOINCREMENT, -- feeds name it: never used again
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  key        TEXT NOT NULL,                     -- what happened, to what
  kind       TEXT NOT NULL,
  made_at    INTEGER NOT NULL,
  month      INTEGER NOT NULL,                  -- 0: of none
  amount     INTEGER NOT NULL,
  currency   TEXT NOT NULL,
  count      INTEGER NOT NULL,                  -- of flattrs, or slips
  network    TEXT NOT NULL,
  who        TEXT NOT NULL,
  word       TEXT NOT NULL,
  until      INTEGER NOT NULL,                  -- 0: no end
  UNIQUE (account_id, key)
) STRICT;
CREATE INDEX notices_made ON notices (made_at);

-- Feeds are read by who knows their address: only its hash is here.
CREATE TABLE feeds (
  account_id INTEGER PRIMARY KEY REFERENCES accounts (id),
  token      BLOB NOT NULL UNIQUE,
  made_at    INTEGER NOT NULL
) STRICT;

-- Addresses to which notices are posted.
CREATE TABLE hooks (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  url        TEXT NOT NULL,
  secret     BLOB,                              -- sealed; NULL only while the row is made
  old        BLOB,                              -- sealed; the one before, that signs too until old_until; NULL: none
  old_until  INTEGER NOT NULL DEFAULT 0,
  made_at    INTEGER NOT NULL,
  failing_at INTEGER NOT NULL DEFAULT 0,        -- since when every answer was bad; 0: the last was good
  stopped_at INTEGER NOT NULL DEFAULT 0         -- 0: it works
) STRICT;
CREATE INDEX hooks_account ON hooks (account_id);

-- A notice on its way to an address, once.
CREATE TABLE deliveries (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,  -- receivers know it: never used again
  hook_id   INTEGER NOT NULL REFERENCES hooks (id),
  notice_id INTEGER REFERENCES notices (id),    -- NULL: a test
  kind      TEXT NOT NULL,
  state     TEXT NOT NULL CHECK (state IN ('waits', 'done', 'failed')),
  made_at   INTEGER NOT NULL,
  tries     INTEGER NOT NULL DEFAULT 0,
  tried_at  INTEGER NOT NULL DEFAULT 0,         -- 0: not yet
  status    INTEGER NOT NULL DEFAULT 0,         -- of the last answer; 0: none
  cause     TEXT NOT NULL DEFAULT '',           -- why there was none
  UNIQUE (hook_id, notice_id)
) STRICT;
CREATE INDEX deliveries_notice ON deliveries (notice_id);
CREATE INDEX deliveries_made ON deliveries (made_at);
CREATE INDEX deliveries_open ON deliveries (id) WHERE state = 'waits';
