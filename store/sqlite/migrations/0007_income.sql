-- What the things of one author count in, and what one flattr received.
CREATE INDEX flattrs_author ON flattrs (author_id, counts_in) WHERE counts_in IS NOT NULL;
CREATE INDEX entries_flattr ON entries (flattr_id) WHERE flattr_id IS NOT NULL;
