-- Units as in 0001. What a plan changed of who owes whom, among donors and payees who joined that: the same sums, fewer payments.
CREATE TABLE netted (
  plan       INTEGER NOT NULL REFERENCES months (month),
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  payee_id   INTEGER NOT NULL REFERENCES payees (id),
  currency   TEXT NOT NULL,
  was        INTEGER NOT NULL CHECK (was >= 0),                           -- owed, of what took part
  becomes    INTEGER NOT NULL CHECK (becomes >= 0 AND was + becomes > 0), -- owed instead
  since      INTEGER NOT NULL,                                            -- first month of what is owed
  voided     INTEGER NOT NULL DEFAULT 0 CHECK (voided BETWEEN 0 AND was), -- because the donor did not pay
  PRIMARY KEY (plan, account_id, payee_id, currency)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER netted_stay BEFORE DELETE ON netted BEGIN
  SELECT RAISE(ABORT, 'flattery: a netting stays');
END;
CREATE TRIGGER netted_fixed BEFORE UPDATE ON netted
WHEN NEW.plan <> OLD.plan OR NEW.account_id <> OLD.account_id OR NEW.payee_id <> OLD.payee_id OR NEW.currency <> OLD.currency
  OR NEW.was <> OLD.was OR NEW.becomes <> OLD.becomes OR NEW.voided < OLD.voided
BEGIN
  SELECT RAISE(ABORT, 'flattery: a netting is fixed in its plan');
END;

-- What the payee of a netted slip that was voided is to get from others.
CREATE TABLE unmet (
  payment_id INTEGER PRIMARY KEY REFERENCES payments (id),
  amount     INTEGER NOT NULL CHECK (amount > 0),
  met        INTEGER NOT NULL CHECK (met BETWEEN 0 AND amount) -- in plans since
) STRICT;

ALTER TABLE payments ADD COLUMN voided_at INTEGER NOT NULL DEFAULT 0; -- not paid for too long; 0: not
