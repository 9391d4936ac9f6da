-- A Postgres that was away is no fault of the job's: an attempt that ends so ('away') does not count. A job with a hundred
-- recorded errors pays for it all the same, and is dead after its last attempt: it may be what takes Postgres away.

create or replace function settle_job(job uuid, held bigint, outcome text, delay_seconds float8, error text) returns text
language sql security definer set search_path = public, pg_temp
as $$
    with settled as (
        select id, outcome in ('snooze', 'return') or outcome = 'away' and jsonb_array_length(errors) < 100 as is_free,
            outcome = 'dead' or outcome = 'away' and jsonb_array_length(errors) >= 100 and attempt >= max_attempts as is_dead
        from jobs where id = job and fence = held and state = 'running' for update
    )
    update jobs j set
        state = case when s.is_dead then 'dead' else 'due' end,
        attempt = case when s.is_free then greatest(0, j.attempt - 1) else j.attempt end,
        run_at = case when outcome in ('retry', 'away', 'snooze') then now() + make_interval(secs => delay_seconds)
            else j.run_at end,
        fence = j.fence + 1,
        leased_until = null,
        leased_by = null,
        finished_at = case when s.is_dead then now() end,
        tell_at = case when s.is_dead then now() + interval '30 seconds' end,
        errors = case when error is null then j.errors
            else j.errors || jsonb_build_object('attempt', j.attempt, 'at', now(), 'error', error) end
    from settled s where j.id = s.id
    returning j.state
$$;
