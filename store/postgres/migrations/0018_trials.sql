-- Units as in 0001. A payment of no plan is a trial: the house's own, to no payee, which proves that a destination is an account's.
ALTER TABLE payments ALTER COLUMN plan DROP NOT NULL, ALTER COLUMN payee_id DROP NOT NULL;
ALTER TABLE payments ADD CHECK ((payee_id IS NULL) = (plan IS NULL));

DROP TRIGGER payments_fixed ON payments;
CREATE TRIGGER payments_fixed BEFORE UPDATE ON payments FOR EACH ROW
WHEN (NEW.code <> OLD.code OR NEW.plan IS DISTINCT FROM OLD.plan OR NEW.rail <> OLD.rail OR NEW.account_id IS DISTINCT FROM OLD.account_id OR NEW.payee_id IS DISTINCT FROM OLD.payee_id
  OR NEW.currency <> OLD.currency OR NEW.amount + NEW.carried <> OLD.amount + OLD.carried OR NEW.destination <> OLD.destination
  OR NEW.amount <> OLD.amount AND (OLD.state <> 'planned' OR NEW.state <> 'planned' OR OLD.account_id IS NULL)
  OR OLD.batch IS NOT NULL AND NEW.batch IS DISTINCT FROM OLD.batch
  OR OLD.state = 'failed' OR OLD.state = 'paid' AND (NEW.state <> 'failed' OR NEW.returned_at = 0))
EXECUTE FUNCTION refuse('a payment is fixed in its plan');

CREATE TABLE trials (
  payment_id BIGINT PRIMARY KEY REFERENCES payments (id),
  account_id BIGINT NOT NULL REFERENCES accounts (id),      -- whose destination it proves
  number     TEXT NOT NULL,              -- stands on the transfer; '' once nobody needs to know it
  tries      BIGINT NOT NULL CHECK (tries BETWEEN 0 AND 5), -- how often a number was typed
  proved_at  BIGINT NOT NULL             -- when it was the right one; 0: not
);
CREATE INDEX trials_account ON trials (account_id);
CREATE TRIGGER trials_fixed BEFORE UPDATE ON trials FOR EACH ROW
WHEN (NEW.payment_id <> OLD.payment_id OR NEW.account_id <> OLD.account_id OR NEW.number NOT IN (OLD.number, '') OR NEW.tries < OLD.tries OR OLD.proved_at > 0)
EXECUTE FUNCTION refuse('a number is typed so often and not more');
