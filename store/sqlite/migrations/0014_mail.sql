-- Units as in 0001.

-- Where an account wants mail, and how often.
CREATE TABLE mails (
  account_id INTEGER PRIMARY KEY REFERENCES accounts (id),
  address    TEXT NOT NULL,                -- confirmed; '': none yet
  wish       TEXT NOT NULL CHECK (wish IN ('each', 'monthly', 'none')),
  since_at   INTEGER NOT NULL,             -- what happened before is not mailed
  sent_at    INTEGER NOT NULL DEFAULT 0,   -- of the last digest; 0: none was
  failed     TEXT NOT NULL DEFAULT '',     -- why the last one could not be delivered; '': it could
  typed      TEXT NOT NULL DEFAULT '',     -- waits to be confirmed; '': nothing does
  token      BLOB UNIQUE,                  -- hash of what was mailed there
  expires_at INTEGER NOT NULL DEFAULT 0,
  ending     BLOB,                         -- sealed; what ends mail without signing in
  ending_key BLOB UNIQUE                   -- its hash
) STRICT;

ALTER TABLE notices ADD COLUMN mailed_at INTEGER NOT NULL DEFAULT 0; -- 0: not
CREATE INDEX notices_unmailed ON notices (account_id, made_at) WHERE mailed_at = 0;
