-- Units as in 0001.

-- By what an account comes in, beside one-time links.
CREATE TABLE keyrings (
  account_id  INTEGER PRIMARY KEY REFERENCES accounts (id),
  handle      BLOB NOT NULL UNIQUE,         -- random: by which devices know the account
  password    TEXT NOT NULL DEFAULT '',     -- Argon2id with its salt and costs; '': there is none
  password_at INTEGER NOT NULL DEFAULT 0    -- 0: there is none
) STRICT;

-- Keys that devices keep. Only the public half is here.
CREATE TABLE passkeys (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES keyrings (account_id),
  credential BLOB NOT NULL UNIQUE,
  public     BLOB NOT NULL,
  signs      INTEGER NOT NULL, -- signatures that the device counted; 0: it does not count
  flags      INTEGER NOT NULL, -- of its last answer
  name       TEXT NOT NULL,
  made_at    INTEGER NOT NULL,
  used_at    INTEGER NOT NULL  -- 0: never
) STRICT;
CREATE INDEX passkeys_account ON passkeys (account_id);

-- Links that let one person make an account: only the hash of what the person holds.
CREATE TABLE invites (
  id         INTEGER PRIMARY KEY,
  token      BLOB NOT NULL UNIQUE,
  made_by    INTEGER REFERENCES accounts (id), -- NULL: the command line
  made_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

-- How often somebody tried to come in since a time. The key is a hash: of a name, or of an address.
CREATE TABLE knocks (
  key   BLOB PRIMARY KEY,
  since INTEGER NOT NULL,
  count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX knocks_since ON knocks (since);

-- Sessions are known by whose they are, so that one can end them. Whoever was signed in signs in again.
DROP TABLE sessions;
CREATE TABLE sessions (
  id         INTEGER PRIMARY KEY,
  token      TEXT NOT NULL UNIQUE,
  data       BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  account_id INTEGER REFERENCES accounts (id), -- NULL: nobody is signed in
  browser    TEXT NOT NULL,
  made_at    INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_expire ON sessions (expires_at);
CREATE INDEX sessions_account ON sessions (account_id);
