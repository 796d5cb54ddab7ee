-- What pages ask often is found without reading what everybody else has.
CREATE INDEX notices_account ON notices (account_id, made_at, id);
CREATE INDEX deliveries_hook ON deliveries (hook_id, id);
CREATE INDEX uploads_account ON uploads (account_id, id);
CREATE INDEX uploads_open ON uploads (id) WHERE state IN ('waits', 'works');
CREATE INDEX identities_handle ON identities (host_id, lower(handle));
CREATE INDEX debts_payee ON debts (payee_id);
CREATE INDEX transactions_means ON transactions (number) WHERE kind IN ('means', 'refund', 'bank');
