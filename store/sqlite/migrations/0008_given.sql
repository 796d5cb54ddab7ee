-- Units as in 0001. What an account gave on of what it received in a month.
CREATE TABLE given (
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  month      INTEGER NOT NULL REFERENCES months (month),
  currency   TEXT NOT NULL,
  received   INTEGER NOT NULL CHECK (received >= amount),
  percent    INTEGER NOT NULL CHECK (percent BETWEEN 1 AND 100),
  amount     INTEGER NOT NULL CHECK (amount > 0),
  spent      INTEGER NOT NULL CHECK (spent BETWEEN 0 AND amount), -- by settlements since
  promised   INTEGER NOT NULL CHECK (promised IN (0, 1)),         -- the account has the money and pays it by slips; 0: the instance has it
  number     INTEGER NOT NULL UNIQUE REFERENCES transactions (number),
  PRIMARY KEY (account_id, month, currency)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER given_stay BEFORE DELETE ON given BEGIN
  SELECT RAISE(ABORT, 'flattery: what was given on stays');
END;
CREATE TRIGGER given_fixed BEFORE UPDATE ON given
WHEN NEW.account_id <> OLD.account_id OR NEW.month <> OLD.month OR NEW.currency <> OLD.currency OR NEW.received <> OLD.received
  OR NEW.percent <> OLD.percent OR NEW.amount <> OLD.amount OR NEW.promised <> OLD.promised OR NEW.number <> OLD.number OR NEW.spent < OLD.spent
BEGIN
  SELECT RAISE(ABORT, 'flattery: what was given on is only spent');
END;

ALTER TABLE settlements ADD COLUMN given INTEGER NOT NULL DEFAULT 0 CHECK (given >= 0 AND given <= shares); -- part of the shares
