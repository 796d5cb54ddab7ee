-- Units as in 0001. Of slips that are paid in whole dollars of another currency.
ALTER TABLE payments ADD COLUMN carried INTEGER NOT NULL DEFAULT 0 CHECK (carried >= 0); -- part of what was planned that this payment leaves to a later one

DROP TRIGGER payments_fixed;
CREATE TRIGGER payments_fixed BEFORE UPDATE ON payments
WHEN NEW.code <> OLD.code OR NEW.plan <> OLD.plan OR NEW.rail <> OLD.rail OR NEW.account_id IS NOT OLD.account_id OR NEW.payee_id <> OLD.payee_id
  OR NEW.currency <> OLD.currency OR NEW.amount + NEW.carried <> OLD.amount + OLD.carried OR NEW.destination <> OLD.destination
  OR NEW.amount <> OLD.amount AND (OLD.state <> 'planned' OR NEW.state <> 'planned' OR OLD.account_id IS NULL)
  OR OLD.batch IS NOT NULL AND NEW.batch IS NOT OLD.batch
  OR OLD.state = 'failed' OR OLD.state = 'paid' AND (NEW.state <> 'failed' OR NEW.returned_at = 0)
BEGIN
  SELECT RAISE(ABORT, 'flattery: a payment is fixed in its plan');
END;
