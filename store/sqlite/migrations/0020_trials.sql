-- Units as in 0001. A payment of no plan is a trial: the house's own, to no payee, which proves that a destination is an account's.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql, 'plan        INTEGER NOT NULL REFERENCES', 'plan        INTEGER REFERENCES'),
  'payee_id    INTEGER NOT NULL REFERENCES', 'payee_id    INTEGER CHECK ((payee_id IS NULL) = (plan IS NULL)) REFERENCES') WHERE type = 'table' AND name = 'payments';
PRAGMA writable_schema = RESET;

DROP TRIGGER payments_fixed;
CREATE TRIGGER payments_fixed BEFORE UPDATE ON payments
WHEN NEW.code <> OLD.code OR NEW.plan IS NOT OLD.plan OR NEW.rail <> OLD.rail OR NEW.account_id IS NOT OLD.account_id OR NEW.payee_id IS NOT OLD.payee_id
  OR NEW.currency <> OLD.currency OR NEW.amount + NEW.carried <> OLD.amount + OLD.carried OR NEW.destination <> OLD.destination
  OR NEW.amount <> OLD.amount AND (OLD.state <> 'planned' OR NEW.state <> 'planned' OR OLD.account_id IS NULL)
  OR OLD.batch IS NOT NULL AND NEW.batch IS NOT OLD.batch
  OR OLD.state = 'failed' OR OLD.state = 'paid' AND (NEW.state <> 'failed' OR NEW.returned_at = 0)
BEGIN
  SELECT RAISE(ABORT, 'flattery: a payment is fixed in its plan');
END;

CREATE TABLE trials (
  payment_id INTEGER PRIMARY KEY REFERENCES payments (id),
  account_id INTEGER NOT NULL REFERENCES accounts (id),      -- whose destination it proves
  number     TEXT NOT NULL,              -- stands on the transfer; '' once nobody needs to know it
  tries      INTEGER NOT NULL CHECK (tries BETWEEN 0 AND 5), -- how often a number was typed
  proved_at  INTEGER NOT NULL            -- when it was the right one; 0: not
) STRICT;
CREATE INDEX trials_account ON trials (account_id);
CREATE TRIGGER trials_fixed BEFORE UPDATE ON trials
WHEN NEW.payment_id <> OLD.payment_id OR NEW.account_id <> OLD.account_id OR NEW.number NOT IN (OLD.number, '') OR NEW.tries < OLD.tries OR OLD.proved_at > 0
BEGIN
  SELECT RAISE(ABORT, 'flattery: a number is typed so often and not more');
END;
