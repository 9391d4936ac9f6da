-- What the operator's pages show across tenants: counts, and the failed jobs with their ids and errors (which hold no
-- personal data). And the schema's version for /readyz, since the program may not read the migrations' own table.

create function admin_sessions() returns table (state text, failed boolean, sessions bigint)
language sql stable security definer set search_path = public, pg_temp
as $$ select state, failed_stage is not null, count(*) from sessions group by 1, 2 order by 1, 2 $$;

create function admin_jobs() returns table (kind text, state text, jobs bigint, oldest_due_seconds double precision)
language sql stable security definer set search_path = public, pg_temp
as $$
    select kind, state, count(*),
           extract(epoch from now() - min(run_at) filter (where state = 'due' and run_at <= now()))::double precision
    from jobs group by 1, 2 order by 1, 2
$$;

create function admin_failed_jobs(newest int) returns table
    (id uuid, organization_id uuid, kind text, attempt int, max_attempts int, error text, finished_at timestamptz)
language sql stable security definer set search_path = public, pg_temp
as $$
    select id, organization_id, kind, attempt::int, max_attempts::int, errors->-1->>'error', finished_at
    from jobs where state = 'dead' order by finished_at desc limit newest
$$;

create function schema_version() returns bigint
language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    -- Absent where the migrations were applied by other means.
    if to_regclass('public._sqlx_migrations') is null then return 0; end if;
    return (select coalesce(max(version), 0) from _sqlx_migrations where success);
end $$;

-- How long the oldest due job has been waiting: above a minute, nobody works.
create function queue_lag_seconds() returns double precision
language sql stable security definer set search_path = public, pg_temp
as $$
    select coalesce(extract(epoch from now() - min(run_at)), 0)::double precision
    from jobs where state = 'due' and run_at <= now()
$$;

revoke execute on function admin_sessions(), admin_jobs(), admin_failed_jobs(int), schema_version(), queue_lag_seconds()
    from public;
grant execute on function admin_sessions(), admin_jobs(), admin_failed_jobs(int), schema_version(), queue_lag_seconds()
    to debrief_app;
