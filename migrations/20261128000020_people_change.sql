-- People change: how a client is addressed, an address that is another's now, two entries that are one person, and those
-- who are no longer there.

-- As the roster or the operator says; where null, the name tells it (see jobs/people/given.rs).
alter table clients add column greeting text check (length(greeting) between 1 and 100);

-- Whoever is in a session or a mail cannot vanish: the row stays and is matched, listed and written to no more. One that
-- was another person's second entry says whose.
alter table clients add column removed_at timestamptz,
    add column merged_into uuid,
    add foreign key (organization_id, merged_into) references clients (organization_id, id),
    add check (removed_at is null or email is null),
    add check (merged_into is null or removed_at is not null);
alter table coaches add column removed_at timestamptz;

-- The inbox of a coach who was removed is nobody's.
create or replace function coach_by_handle(wanted text) returns table (organization_id uuid, coach_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id, id from coaches where handle = wanted and removed_at is null $$;

-- A roster of which something could not be applied is told by a mail of its own. The kinds that there are stay as they
-- are, whichever migrations came before.
do $$ declare kinds text; begin
    select pg_get_expr(conbin, conrelid) into strict kinds
    from pg_constraint where conrelid = 'mails'::regclass and conname = 'mails_kind_check';
    execute 'alter table mails drop constraint mails_kind_check';
    execute format('alter table mails add constraint mails_kind_check check ((%s) or kind = %L)', kinds, 'roster_problems');
end $$;

-- What an earlier mail of the client is held against: the address that it goes to.
create index mails_by_client on mails (organization_id, client_id) where client_id is not null;
