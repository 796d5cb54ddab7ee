-- The floor of settling: the rows of BenchmarkSettle (internal/settle) by one SQL script with window functions, run by
-- the C shell, with the same schema, indexes and foreign keys, and without hash chain, digest and triggers.
--
--   FLATTERY_TOWN=$PWD/town.db go test ./internal/settle -run '^$' -bench 'Settle/100000$' -benchtime 1x
--   time sqlite3 town.db <docs/bench/settle_floor.sql
PRAGMA journal_mode = wal;
PRAGMA synchronous = full;
PRAGMA foreign_keys = 1;
PRAGMA cache_size = -16384;
PRAGMA temp_store = memory;
DROP TRIGGER months_forward;
DROP TRIGGER ledger_accounts_grow;
DROP TRIGGER transactions_follow;
DROP TRIGGER entries_one_currency;
DROP TRIGGER settlements_frozen;

BEGIN IMMEDIATE;
UPDATE months SET frozen_at = ends_at + 259200, flattrs = (SELECT count(*) FROM flattrs WHERE counts_in = month),
  donors = (SELECT count(DISTINCT account_id) FROM flattrs WHERE counts_in = month), digest = zeroblob(32) WHERE month = 24321;

CREATE TEMP TABLE shares AS
  SELECT account_id, id AS flattr_id, payee_id, budget / n + (rank <= budget % n) AS amount, row_number() OVER (ORDER BY account_id, id) AS entry
  FROM (SELECT f.account_id, f.id, p.id AS payee_id, 5000000 AS budget, count(*) OVER (PARTITION BY f.account_id) AS n,
      row_number() OVER (PARTITION BY f.account_id ORDER BY f.thing_id) AS rank
    FROM flattrs f JOIN claims c ON c.identity_id = f.author_id JOIN payees p ON p.account_id = c.account_id WHERE f.counts_in = 24321);
CREATE TEMP TABLE donors AS
  SELECT account_id, count(*) AS n, sum(amount) AS amount, row_number() OVER (ORDER BY account_id) AS number, min(entry) + row_number() OVER (ORDER BY account_id) - 1 AS first
  FROM shares GROUP BY account_id;

INSERT INTO ledger_accounts (name, currency, side, debits, credits, last_number)
  SELECT 'assets:pledge:' || account_id, 'EUR', 'debit', amount, 0, number FROM donors;
INSERT INTO ledger_accounts (name, currency, side, debits, credits, last_number)
  SELECT 'donor:' || account_id || ':means', 'EUR', 'credit', amount, amount, number FROM donors;
INSERT INTO ledger_accounts (name, currency, side, debits, credits, last_number)
  SELECT 'payee:' || payee_id || ':payable', 'EUR', 'credit', 0, sum(amount), 0 FROM shares GROUP BY payee_id;

CREATE TEMP TABLE chart AS SELECT name, id FROM ledger_accounts;
CREATE TEMP TABLE pledges AS SELECT d.*, p.id AS pledge_id, m.id AS means_id FROM donors d
  JOIN ledger_accounts p ON p.name = 'assets:pledge:' || d.account_id AND p.currency = 'EUR'
  JOIN ledger_accounts m ON m.name = 'donor:' || d.account_id || ':means' AND m.currency = 'EUR' ORDER BY d.account_id;
CREATE TEMP TABLE payables (payee_id INTEGER PRIMARY KEY, id INTEGER);
INSERT INTO payables SELECT y.id, l.id FROM payees y JOIN ledger_accounts l ON l.name = 'payee:' || y.id || ':payable' AND l.currency = 'EUR';
CREATE UNIQUE INDEX temp.pledges_account ON pledges (account_id);

INSERT INTO transactions (number, key, kind, posted_at, note, reverses, first_entry, entries, body, hash)
  SELECT number, 'settle:2026-10:' || account_id, 'settle', 1793765700000000, '', NULL, first, n + 1, zeroblob(32), zeroblob(32) FROM donors;
INSERT INTO entries (number, debit_id, credit_id, amount, flattr_id)
  SELECT number, debit_id, credit_id, amount, flattr_id FROM (
    SELECT first AS number, pledge_id AS debit_id, means_id AS credit_id, amount, NULL AS flattr_id FROM pledges
    UNION ALL SELECT s.entry + d.number, d.means_id, y.id, s.amount, s.flattr_id FROM shares s JOIN pledges d ON d.account_id = s.account_id JOIN payables y ON y.payee_id = s.payee_id)
  ORDER BY number;
INSERT INTO debts (account_id, payee_id, currency, amount, since)
  SELECT account_id, payee_id, 'EUR', sum(amount), 24321 FROM shares GROUP BY account_id, payee_id;
INSERT INTO settlements (month, account_id, currency, budget, fee, shares, unspent, flattrs, number)
  SELECT 24321, account_id, 'EUR', amount, 0, amount, 0, n, number FROM donors;
UPDATE months SET settled_at = frozen_at, head = zeroblob(32), (budgets, shares) = (SELECT sum(budget), sum(shares) FROM settlements WHERE month = 24321) WHERE month = 24321;
COMMIT;

SELECT (SELECT count(*) FROM entries) || ' entries, ' || (SELECT count(*) FROM debts) || ' debts, ' || (shares / 1000000) || ' shared' FROM months WHERE month = 24321;
