-- A roster file that no longer has an alias takes it back; one that an operator typed, or that was a client's name before,
-- stays. Of those that are there nobody knows which they are: the next file that has one claims it.
alter table aliases drop constraint aliases_source_check;
update aliases set source = 'operator' where source = 'roster';
alter table aliases add constraint aliases_source_check check (source in ('roster', 'operator', 'correction'));
