-- The same promise given in several sessions is one open thread: in its newest words, and since the day of the first.
-- Null where it was given once, and where the thread was written before this was kept.
alter table threads add column since date;
