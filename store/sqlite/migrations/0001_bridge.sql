-- Units: money in millionths of the currency; times in seconds since 1970 UTC, the ledger's in microseconds; months in
-- months since January of the year 0; hashes are SHA-256. Every time is handed in: nothing here asks a clock.

CREATE TABLE instance (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE COLLATE NOCASE,
  admin      INTEGER NOT NULL CHECK (admin IN (0, 1)),
  language   TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  removed_at INTEGER
) STRICT;

-- What a donor wishes, from when on. What stands at the freeze counts for the whole month.
CREATE TABLE settings (
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  name       TEXT NOT NULL,
  since      INTEGER NOT NULL,
  value      TEXT NOT NULL,
  PRIMARY KEY (account_id, name, since)
) STRICT, WITHOUT ROWID;

CREATE TABLE hosts (
  id      INTEGER PRIMARY KEY,
  network TEXT NOT NULL,
  host    TEXT NOT NULL,
  UNIQUE (network, host)
) STRICT;

CREATE TABLE identities (
  id           INTEGER PRIMARY KEY,
  host_id      INTEGER NOT NULL REFERENCES hosts (id),
  subject      TEXT NOT NULL CHECK (subject <> ''),
  handle       TEXT NOT NULL,
  name         TEXT NOT NULL,
  url          TEXT NOT NULL,
  organisation INTEGER NOT NULL CHECK (organisation IN (0, 1)),
  UNIQUE (host_id, subject)
) STRICT;

CREATE TABLE things (
  id         INTEGER PRIMARY KEY,
  host_id    INTEGER NOT NULL REFERENCES hosts (id),
  network_id TEXT NOT NULL CHECK (network_id <> ''),
  url        TEXT NOT NULL,
  title      TEXT NOT NULL,
  UNIQUE (host_id, network_id)
) STRICT;

CREATE TABLE links (
  id          INTEGER PRIMARY KEY,
  account_id  INTEGER NOT NULL REFERENCES accounts (id),
  identity_id INTEGER NOT NULL REFERENCES identities (id),
  proof       TEXT NOT NULL,
  token       BLOB,              -- sealed; NULL: linked by public name
  state       TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'removed')),
  reason      TEXT NOT NULL,
  detail      TEXT NOT NULL,
  cursor      TEXT NOT NULL,     -- the connector's secret
  begins_at   INTEGER NOT NULL,
  interval    INTEGER NOT NULL,  -- seconds
  next_poll   INTEGER NOT NULL,
  last_poll   INTEGER NOT NULL,  -- 0: never
  last_good   INTEGER NOT NULL,  -- 0: never
  failures    INTEGER NOT NULL,
  UNIQUE (account_id, identity_id)
) STRICT;
CREATE INDEX links_due ON links (next_poll) WHERE state = 'active';
CREATE INDEX links_identity ON links (identity_id);

CREATE TABLE claims (
  id          INTEGER PRIMARY KEY AUTOINCREMENT, -- a ledger key: never used again
  account_id  INTEGER NOT NULL REFERENCES accounts (id),
  identity_id INTEGER NOT NULL UNIQUE REFERENCES identities (id),
  proof       TEXT NOT NULL,
  proved_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX claims_account ON claims (account_id);

-- A payee is an account, or an author who never joined.
CREATE TABLE payees (
  id          INTEGER PRIMARY KEY,
  account_id  INTEGER UNIQUE REFERENCES accounts (id),
  identity_id INTEGER UNIQUE REFERENCES identities (id),
  CHECK ((account_id IS NULL) <> (identity_id IS NULL))
) STRICT;

CREATE TABLE months (
  month       INTEGER PRIMARY KEY,
  starts_at   INTEGER NOT NULL,
  ends_at     INTEGER NOT NULL CHECK (ends_at > starts_at),
  frozen_at   INTEGER,
  settled_at  INTEGER CHECK (settled_at IS NULL OR frozen_at IS NOT NULL),
  flattrs     INTEGER NOT NULL DEFAULT 0,
  donors      INTEGER NOT NULL DEFAULT 0,
  digest      BLOB,
  budgets     INTEGER NOT NULL DEFAULT 0,
  shares      INTEGER NOT NULL DEFAULT 0,
  head        BLOB
) STRICT;
CREATE TRIGGER months_stay BEFORE DELETE ON months BEGIN
  SELECT RAISE(ABORT, 'flattery: months stay');
END;
CREATE TRIGGER months_follow BEFORE INSERT ON months
WHEN EXISTS (SELECT 1 FROM months) AND NOT EXISTS (SELECT 1 FROM months p WHERE p.month = NEW.month - 1 AND p.ends_at = NEW.starts_at)
BEGIN
  SELECT RAISE(ABORT, 'flattery: a month begins where the one before ends');
END;
CREATE TRIGGER months_forward BEFORE UPDATE ON months
WHEN OLD.settled_at IS NOT NULL
  OR OLD.frozen_at IS NOT NULL AND (NEW.frozen_at IS NOT OLD.frozen_at OR NEW.digest IS NOT OLD.digest OR NEW.flattrs <> OLD.flattrs OR NEW.donors <> OLD.donors)
  OR NEW.month <> OLD.month OR NEW.starts_at <> OLD.starts_at OR NEW.ends_at <> OLD.ends_at
BEGIN
  SELECT RAISE(ABORT, 'flattery: months go from open to frozen to settled');
END;

-- One like of one thing by one account, for ever.
CREATE TABLE flattrs (
  id         INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  thing_id   INTEGER NOT NULL REFERENCES things (id),
  kind       TEXT NOT NULL CHECK (kind IN ('like', 'click', 'subscription')),
  turn       INTEGER NOT NULL,
  author_id  INTEGER NOT NULL REFERENCES identities (id),
  link_id    INTEGER REFERENCES links (id),
  state      TEXT NOT NULL CHECK (state IN ('counts', 'pending', 'seen', 'own', 'removed', 'lapsed')),
  liked_at   INTEGER NOT NULL,
  source     TEXT NOT NULL,
  found_at   INTEGER NOT NULL,
  counts_in  INTEGER REFERENCES months (month) CHECK ((counts_in IS NOT NULL) = (state = 'counts')),
  weight     INTEGER NOT NULL CHECK (weight BETWEEN 1 AND 10),
  UNIQUE (account_id, thing_id, kind, turn)
) STRICT;
CREATE INDEX flattrs_month ON flattrs (counts_in, account_id) WHERE counts_in IS NOT NULL;
CREATE INDEX flattrs_aside ON flattrs (account_id) WHERE counts_in IS NULL AND state <> 'seen';
CREATE INDEX flattrs_pending ON flattrs (author_id) WHERE state = 'pending';

CREATE TRIGGER flattrs_stay BEFORE DELETE ON flattrs BEGIN
  SELECT RAISE(ABORT, 'flattery: flattrs stay');
END;
CREATE TRIGGER flattrs_open_insert BEFORE INSERT ON flattrs
WHEN NEW.counts_in IS NOT NULL AND (SELECT frozen_at FROM months WHERE month = NEW.counts_in) IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'flattery: frozen');
END;
-- A flattr joins an open month or leaves one; it never moves from one to another.
CREATE TRIGGER flattrs_open_update BEFORE UPDATE OF counts_in, weight, author_id, thing_id, account_id ON flattrs
WHEN OLD.counts_in IS NOT NULL AND (SELECT frozen_at FROM months WHERE month = OLD.counts_in) IS NOT NULL
  OR NEW.counts_in IS NOT NULL AND (SELECT frozen_at FROM months WHERE month = NEW.counts_in) IS NOT NULL
  OR OLD.counts_in IS NOT NULL AND NEW.counts_in IS NOT NULL AND OLD.counts_in <> NEW.counts_in
BEGIN
  SELECT RAISE(ABORT, 'flattery: frozen');
END;

-- The ledger: a numbered, gap-free, hash-chained set of entries. Each entry is balanced by its shape.
CREATE TABLE ledger_accounts (
  id          INTEGER PRIMARY KEY,
  name        TEXT NOT NULL,
  currency    TEXT NOT NULL,
  side        TEXT NOT NULL CHECK (side IN ('debit', 'credit')),
  debits      INTEGER NOT NULL DEFAULT 0 CHECK (debits >= 0),
  credits     INTEGER NOT NULL DEFAULT 0 CHECK (credits >= 0),
  last_number INTEGER NOT NULL DEFAULT 0, -- of the last transaction that is in the totals
  UNIQUE (name, currency),
  CONSTRAINT overdrawn CHECK (CASE side WHEN 'debit' THEN credits <= debits ELSE debits <= credits END)
) STRICT;
CREATE TRIGGER ledger_accounts_stay BEFORE DELETE ON ledger_accounts BEGIN
  SELECT RAISE(ABORT, 'flattery: ledger accounts stay');
END;
CREATE TRIGGER ledger_accounts_grow BEFORE UPDATE ON ledger_accounts
WHEN NEW.name <> OLD.name OR NEW.currency <> OLD.currency OR NEW.side <> OLD.side
  OR NEW.debits < OLD.debits OR NEW.credits < OLD.credits OR NEW.last_number < OLD.last_number
BEGIN
  SELECT RAISE(ABORT, 'flattery: totals only grow');
END;

CREATE TABLE transactions (
  number      INTEGER PRIMARY KEY,
  key         TEXT NOT NULL UNIQUE,
  kind        TEXT NOT NULL,
  posted_at   INTEGER NOT NULL,           -- microseconds, never before the last
  note        TEXT NOT NULL,
  reverses    INTEGER REFERENCES transactions (number),
  first_entry INTEGER NOT NULL,           -- its entries have the numbers first_entry … first_entry + entries - 1
  entries     INTEGER NOT NULL CHECK (entries > 0),
  body        BLOB NOT NULL CHECK (length(body) = 32),
  hash        BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE UNIQUE INDEX transactions_reverses ON transactions (reverses) WHERE reverses IS NOT NULL;
CREATE TRIGGER transactions_follow BEFORE INSERT ON transactions
WHEN NEW.number <> 1 + coalesce((SELECT max(number) FROM transactions), 0)
  OR EXISTS (SELECT 1 FROM transactions p WHERE p.number = NEW.number - 1 AND (p.posted_at > NEW.posted_at OR p.first_entry + p.entries <> NEW.first_entry))
BEGIN
  SELECT RAISE(ABORT, 'flattery: transactions follow each other');
END;
CREATE TRIGGER transactions_unchanged BEFORE UPDATE ON transactions BEGIN
  SELECT RAISE(ABORT, 'flattery: the ledger is append-only');
END;
CREATE TRIGGER transactions_stay BEFORE DELETE ON transactions BEGIN
  SELECT RAISE(ABORT, 'flattery: the ledger is append-only');
END;

CREATE TABLE entries (
  number    INTEGER PRIMARY KEY,
  debit_id  INTEGER NOT NULL REFERENCES ledger_accounts (id),
  credit_id INTEGER NOT NULL REFERENCES ledger_accounts (id) CHECK (credit_id <> debit_id),
  amount    INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000000),
  flattr_id INTEGER REFERENCES flattrs (id)
) STRICT;
CREATE TRIGGER entries_one_currency BEFORE INSERT ON entries
WHEN (SELECT currency FROM ledger_accounts WHERE id = NEW.debit_id) IS NOT (SELECT currency FROM ledger_accounts WHERE id = NEW.credit_id)
  OR NEW.number <> 1 + coalesce((SELECT max(number) FROM entries), 0)
BEGIN
  SELECT RAISE(ABORT, 'flattery: an entry has one currency and the next number');
END;
CREATE TRIGGER entries_unchanged BEFORE UPDATE ON entries BEGIN
  SELECT RAISE(ABORT, 'flattery: the ledger is append-only');
END;
CREATE TRIGGER entries_stay BEFORE DELETE ON entries BEGIN
  SELECT RAISE(ABORT, 'flattery: the ledger is append-only');
END;

-- One donor's settled month; its shares are the entries of its transaction.
CREATE TABLE settlements (
  month       INTEGER NOT NULL REFERENCES months (month),
  account_id  INTEGER NOT NULL REFERENCES accounts (id),
  currency    TEXT NOT NULL,
  budget      INTEGER NOT NULL CHECK (budget = fee + shares + unspent),
  fee         INTEGER NOT NULL CHECK (fee >= 0),
  shares      INTEGER NOT NULL CHECK (shares >= 0),
  unspent     INTEGER NOT NULL CHECK (unspent >= 0),
  flattrs     INTEGER NOT NULL,
  number      INTEGER REFERENCES transactions (number),
  PRIMARY KEY (month, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX settlements_account ON settlements (account_id, month);
CREATE TRIGGER settlements_frozen BEFORE INSERT ON settlements
WHEN NOT EXISTS (SELECT 1 FROM months WHERE month = NEW.month AND frozen_at IS NOT NULL AND settled_at IS NULL)
BEGIN
  SELECT RAISE(ABORT, 'flattery: only a frozen month is settled');
END;
CREATE TRIGGER settlements_unchanged BEFORE UPDATE ON settlements BEGIN
  SELECT RAISE(ABORT, 'flattery: settlements are final');
END;
CREATE TRIGGER settlements_stay BEFORE DELETE ON settlements BEGIN
  SELECT RAISE(ABORT, 'flattery: settlements are final');
END;

-- What a donor owes a payee: settled, and no payment has left for it. The entries say the same.
CREATE TABLE debts (
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  payee_id   INTEGER NOT NULL REFERENCES payees (id),
  currency   TEXT NOT NULL,
  amount     INTEGER NOT NULL CHECK (amount >= 0),
  since      INTEGER NOT NULL,            -- first month of what is not paid
  PRIMARY KEY (account_id, payee_id, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE plans (
  month      INTEGER PRIMARY KEY REFERENCES months (month),
  hash       BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  payments   INTEGER NOT NULL
) STRICT;
CREATE TRIGGER plans_unchanged BEFORE UPDATE ON plans BEGIN
  SELECT RAISE(ABORT, 'flattery: plans are final');
END;

CREATE TABLE payments (
  id          INTEGER PRIMARY KEY,
  code        TEXT NOT NULL UNIQUE,
  plan        INTEGER NOT NULL REFERENCES plans (month),
  rail        TEXT NOT NULL,
  account_id  INTEGER NOT NULL REFERENCES accounts (id),
  payee_id    INTEGER NOT NULL REFERENCES payees (id),
  currency    TEXT NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount > 0),
  destination TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('planned', 'sent', 'unknown', 'paid', 'failed')),
  planned_at  INTEGER NOT NULL,
  sent_at     INTEGER NOT NULL,          -- 0: not
  paid_at     INTEGER NOT NULL,          -- 0: not
  UNIQUE (plan, account_id, payee_id, currency)
) STRICT;
CREATE INDEX payments_donor ON payments (account_id, plan);
CREATE INDEX payments_open ON payments (account_id, payee_id, currency) WHERE state = 'planned';
CREATE TRIGGER payments_stay BEFORE DELETE ON payments BEGIN
  SELECT RAISE(ABORT, 'flattery: payments stay');
END;
CREATE TRIGGER payments_fixed BEFORE UPDATE ON payments
WHEN NEW.code <> OLD.code OR NEW.plan <> OLD.plan OR NEW.rail <> OLD.rail OR NEW.account_id <> OLD.account_id OR NEW.payee_id <> OLD.payee_id
  OR NEW.currency <> OLD.currency OR NEW.amount <> OLD.amount OR NEW.destination <> OLD.destination OR OLD.state IN ('paid', 'failed')
BEGIN
  SELECT RAISE(ABORT, 'flattery: a payment is fixed in its plan');
END;

CREATE TABLE jobs (
  id     INTEGER PRIMARY KEY,
  kind   TEXT NOT NULL,
  key    TEXT NOT NULL,
  due_at INTEGER NOT NULL,               -- of a leased job: when its lease runs out
  leased INTEGER NOT NULL DEFAULT 0,     -- counts the leases: a lease that ran out cannot finish the job of the next
  tries  INTEGER NOT NULL DEFAULT 0,
  cause  TEXT NOT NULL DEFAULT '',       -- of the last failure
  UNIQUE (kind, key)
) STRICT;
CREATE INDEX jobs_due ON jobs (due_at);

-- One-time links, and sessions: only hashes of what people hold.
CREATE TABLE entrances (
  token      BLOB PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  token      TEXT PRIMARY KEY,
  data       BLOB NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_expire ON sessions (expires_at);
