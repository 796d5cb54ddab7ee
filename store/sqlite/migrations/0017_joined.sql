-- Units as in 0001. How much of what waited for an author joins a month is limited.
ALTER TABLE flattrs ADD COLUMN joined_at INTEGER NOT NULL DEFAULT 0; -- when it began to count, having waited; 0: it did not, 1: it had counted before it waited
CREATE INDEX flattrs_joined ON flattrs (account_id, counts_in) WHERE joined_at > 1;
