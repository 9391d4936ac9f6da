-- A process of the version before this one, which still runs while others are replaced, writes claims without a lasting id.
alter table claims alter column lasting_id set default gen_random_uuid();
