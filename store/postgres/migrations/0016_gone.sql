-- Units as in 0001. Of payments to authors who never joined.
ALTER TABLE payments ADD COLUMN gone_at BIGINT NOT NULL DEFAULT 0; -- since when its destination is not published any more; 0: it is, or that is not known
CREATE INDEX payments_gone ON payments (gone_at) WHERE state = 'planned' AND gone_at > 0;
