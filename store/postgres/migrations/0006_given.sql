-- Units as in 0001. What an account gave on of what it received in a month.
CREATE TABLE given (
  account_id BIGINT NOT NULL REFERENCES accounts (id),
  month      BIGINT NOT NULL REFERENCES months (month),
  currency   TEXT COLLATE "C" NOT NULL,
  received   BIGINT NOT NULL CHECK (received >= amount),
  percent    BIGINT NOT NULL CHECK (percent BETWEEN 1 AND 100),
  amount     BIGINT NOT NULL CHECK (amount > 0),
  spent      BIGINT NOT NULL CHECK (spent BETWEEN 0 AND amount), -- by settlements since
  promised   BOOLEAN NOT NULL,                                   -- the account has the money and pays it by slips; false: the instance has it
  number     BIGINT NOT NULL UNIQUE REFERENCES transactions (number),
  PRIMARY KEY (account_id, month, currency)
);
CREATE TRIGGER given_stay BEFORE DELETE OR TRUNCATE ON given EXECUTE FUNCTION refuse('what was given on stays');
CREATE TRIGGER given_fixed BEFORE UPDATE ON given FOR EACH ROW
WHEN (NEW.account_id <> OLD.account_id OR NEW.month <> OLD.month OR NEW.currency <> OLD.currency OR NEW.received <> OLD.received
  OR NEW.percent <> OLD.percent OR NEW.amount <> OLD.amount OR NEW.promised <> OLD.promised OR NEW.number <> OLD.number OR NEW.spent < OLD.spent)
EXECUTE FUNCTION refuse('what was given on is only spent');

ALTER TABLE settlements ADD COLUMN given BIGINT NOT NULL DEFAULT 0 CHECK (given >= 0 AND given <= shares); -- part of the shares
