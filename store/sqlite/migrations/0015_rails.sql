-- Units as in 0001. A payment of no account is the house's own: prepaid, it pays out of what was paid in.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'account_id  INTEGER NOT NULL', 'account_id  INTEGER') WHERE type = 'table' AND name = 'payments';
PRAGMA writable_schema = RESET;
CREATE UNIQUE INDEX payments_house ON payments (plan, payee_id, currency) WHERE account_id IS NULL;

-- Payments that are handed to a rail at once. Written before anything is sent.
CREATE TABLE batches (
  id       TEXT PRIMARY KEY,              -- by which the rail knows it
  rail     TEXT NOT NULL,
  currency TEXT NOT NULL,
  made_at  INTEGER NOT NULL,
  tried    INTEGER NOT NULL CHECK (tried IN (0, 1)), -- the rail may have it: it is asked before it is handed anything again
  cause    TEXT NOT NULL                  -- why it is not known yet what became of it
) STRICT, WITHOUT ROWID;

ALTER TABLE payments ADD COLUMN batch       TEXT REFERENCES batches (id); -- NULL: none
ALTER TABLE payments ADD COLUMN returned_at INTEGER NOT NULL DEFAULT 0;   -- paid, and it came back; 0: not
CREATE INDEX payments_batch ON payments (batch) WHERE batch IS NOT NULL;

DROP TRIGGER payments_fixed;
CREATE TRIGGER payments_fixed BEFORE UPDATE ON payments
WHEN NEW.code <> OLD.code OR NEW.plan <> OLD.plan OR NEW.rail <> OLD.rail OR NEW.account_id IS NOT OLD.account_id OR NEW.payee_id <> OLD.payee_id
  OR NEW.currency <> OLD.currency OR NEW.amount <> OLD.amount OR NEW.destination <> OLD.destination
  OR OLD.batch IS NOT NULL AND NEW.batch IS NOT OLD.batch
  OR OLD.state = 'failed' OR OLD.state = 'paid' AND (NEW.state <> 'failed' OR NEW.returned_at = 0)
BEGIN
  SELECT RAISE(ABORT, 'flattery: a payment is fixed in its plan');
END;

-- Files for banks and platforms, for people to hand in.
CREATE TABLE outbox (
  batch   TEXT PRIMARY KEY REFERENCES batches (id),
  name    TEXT NOT NULL,
  body    BLOB NOT NULL,
  made_at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER outbox_unchanged BEFORE UPDATE ON outbox BEGIN
  SELECT RAISE(ABORT, 'flattery: what was handed out stays as it is');
END;

-- What the bank says was booked, each line once.
CREATE TABLE bank_lines (
  id         INTEGER PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,        -- by which the bank tells it from others
  booked_at  INTEGER NOT NULL,
  currency   TEXT NOT NULL,
  amount     INTEGER NOT NULL CHECK (amount > 0),
  incoming   INTEGER NOT NULL CHECK (incoming IN (0, 1)),
  returned   INTEGER NOT NULL CHECK (returned IN (0, 1)), -- incoming: a payment that came back
  became     TEXT NOT NULL,               -- payment, means, return, fee, own, refund, chargeback; '': it waits
  payment_id INTEGER REFERENCES payments (id),
  account_id INTEGER REFERENCES accounts (id),
  text       TEXT NOT NULL,               -- of those that wait: what they say and of whom they are
  read_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX bank_lines_open ON bank_lines (id) WHERE became = '';
CREATE TRIGGER bank_lines_stay BEFORE DELETE ON bank_lines BEGIN
  SELECT RAISE(ABORT, 'flattery: what a bank booked stays');
END;
