-- Units as in 0001. What a plan changed of who owes whom, among donors and payees who joined that: the same sums, fewer payments.
CREATE TABLE netted (
  plan       BIGINT NOT NULL REFERENCES months (month),
  account_id BIGINT NOT NULL REFERENCES accounts (id),
  payee_id   BIGINT NOT NULL REFERENCES payees (id),
  currency   TEXT COLLATE "C" NOT NULL,
  was        BIGINT NOT NULL CHECK (was >= 0),                           -- owed, of what took part
  becomes    BIGINT NOT NULL CHECK (becomes >= 0 AND was + becomes > 0), -- owed instead
  since      BIGINT NOT NULL,                                            -- first month of what is owed
  voided     BIGINT NOT NULL DEFAULT 0 CHECK (voided BETWEEN 0 AND was), -- because the donor did not pay
  PRIMARY KEY (plan, account_id, payee_id, currency)
);
CREATE TRIGGER netted_stay BEFORE DELETE OR TRUNCATE ON netted EXECUTE FUNCTION refuse('a netting stays');
CREATE TRIGGER netted_fixed BEFORE UPDATE ON netted FOR EACH ROW
WHEN (NEW.plan <> OLD.plan OR NEW.account_id <> OLD.account_id OR NEW.payee_id <> OLD.payee_id OR NEW.currency <> OLD.currency
  OR NEW.was <> OLD.was OR NEW.becomes <> OLD.becomes OR NEW.voided < OLD.voided)
EXECUTE FUNCTION refuse('a netting is fixed in its plan');

-- What the payee of a netted slip that was voided is to get from others.
CREATE TABLE unmet (
  payment_id BIGINT PRIMARY KEY REFERENCES payments (id),
  amount     BIGINT NOT NULL CHECK (amount > 0),
  met        BIGINT NOT NULL CHECK (met BETWEEN 0 AND amount) -- in plans since
);

ALTER TABLE payments ADD COLUMN voided_at BIGINT NOT NULL DEFAULT 0; -- not paid for too long; 0: not
