-- Keys of the bucket name coaches and their clients, so the ledger shows each organization its own rows, and the installation
-- those that are nobody's yet. A scan holds what it sees in the bucket against the rows of all: these functions answer for
-- objects that the caller names, and give no key away.

alter table bucket_objects enable row level security;
create policy tenant on bucket_objects using (organization_id is not distinct from (select current_organization()));
revoke insert, update, delete on bucket_objects from debrief_app;

-- Which of the named objects are not settled: their places from 1, and how they stand (none where no scan saw them before).
create function ledger_unsettled(in_bucket text, keys text[], etags text[], patience_seconds float8)
returns table (place bigint, standing text, overdue boolean)
language sql stable security definer set search_path = public, pg_temp as $$
    select listed.place, ledger.outcome,
        coalesce(ledger.first_seen_at < now() - make_interval(secs => patience_seconds), false)
    from unnest(keys, etags) with ordinality as listed (object_key, etag, place)
    left join bucket_objects ledger
      on ledger.bucket = in_bucket and ledger.object_key = listed.object_key and ledger.etag = listed.etag
    where ledger.outcome is null or ledger.outcome in ('seen', 'waiting')
    order by 1
$$;

-- Remembers objects that were seen for the first time; what lay there before, and was not settled, is there no more.
create function ledger_remember(in_bucket text, keys text[], etags text[], sizes bigint[], times timestamptz[]) returns void
language sql security definer set search_path = public, pg_temp as $$
    delete from bucket_objects using unnest(keys, etags) as listed (object_key, etag)
    where bucket = in_bucket and bucket_objects.object_key = listed.object_key and bucket_objects.etag <> listed.etag
      and outcome in ('seen', 'waiting');
    insert into bucket_objects (bucket, object_key, etag, size_bytes, object_time)
    select in_bucket, * from unnest(keys, etags, sizes, times)
    on conflict do nothing
$$;

-- Settles an object for the transaction's own organization; false where it was settled before.
create function ledger_settle(in_bucket text, key text, its_etag text, size bigint, at timestamptz, its_outcome text, why text)
returns boolean
language sql security definer set search_path = public, pg_temp as $$
    with settled as (
        insert into bucket_objects as known
            (bucket, object_key, etag, size_bytes, object_time, outcome, reason, organization_id)
        values (in_bucket, key, its_etag, size, at, its_outcome, why, current_organization())
        on conflict (bucket, object_key, etag) do update
        set outcome = excluded.outcome, reason = excluded.reason, organization_id = excluded.organization_id
        where known.outcome = 'seen' or (known.outcome = 'waiting' and excluded.outcome <> 'waiting')
        returning 1)
    select exists (select from settled)
$$;

-- What waited below a folder for its coach is looked at again.
create function ledger_look_again(folder text) returns void
language sql security definer set search_path = public, pg_temp as $$
    delete from bucket_objects
    where outcome = 'rejected' and organization_id is null and starts_with(lower(object_key), folder)
$$;

do $$ declare ours regprocedure; begin
    for ours in select oid from pg_proc where pronamespace = 'public'::regnamespace and proname like 'ledger\_%' loop
        execute format('revoke execute on function %s from public', ours);
        execute format('grant execute on function %s to debrief_app', ours);
    end loop;
end $$;
