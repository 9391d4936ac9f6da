-- One organization never has all seats of a kind in a process: the last free one is for an organization that has none there.
-- So the slow jobs of one keep nobody else waiting for them, and nothing else is limited. All else is as it was.

create or replace function claim_jobs(kinds text[], slots int[], per_organization int[], total int, worker text, lease_seconds float8,
    suspects boolean default false)
returns table (id uuid, organization_id uuid, kind text, args jsonb, attempt smallint, max_attempts smallint,
    fence bigint, correlation_id uuid, suspect boolean)
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '5s'
as $$
#variable_conflict use_column
begin
    perform pg_advisory_xact_lock(7267323);
    if suspects then
        return query
        with one as (
            select d.id from jobs d
            join unnest(kinds, slots, per_organization) as w (kind, slots, per_lane) on w.kind = d.kind and w.slots > 0
            where d.suspect and d.state = 'due' and d.run_at <= now()
                and not exists (select from jobs r where r.suspect and r.state = 'running')
                and (w.per_lane = 0 or w.per_lane > (select count(*) from jobs r
                    where r.state = 'running' and r.kind = d.kind and r.lane = d.lane))
            order by d.run_at, d.id limit 1 for update of d skip locked
        )
        update jobs j set state = 'running', fence = j.fence + 1, attempt = j.attempt + 1, started_at = now(),
            leased_by = worker, leased_until = now() + make_interval(secs => lease_seconds), is_alone = false
        from one where j.id = one.id
        returning j.id, j.organization_id, j.kind, j.args, j.attempt, j.max_attempts, j.fence, j.correlation_id, true;
        if found then return; end if;
    end if;
    return query
    with recursive wanted as (
        select w.kind, w.slots, w.per_lane from unnest(kinds, slots, per_organization) as w (kind, slots, per_lane)
        where w.slots > 0
    ), lanes (kind, lane) as (
        -- The distinct lanes of each kind, one index look-up each.
        select w.kind, (select j.lane from jobs j where j.state = 'due' and j.kind = w.kind order by j.lane limit 1)
        from wanted w
        union all
        select l.kind, (select j.lane from jobs j where j.state = 'due' and j.kind = l.kind and j.lane > l.lane
            order by j.lane limit 1)
        from lanes l where l.lane is not null
    ), busy as (
        select r.kind, r.lane, count(*) as running from jobs r where r.state = 'running' group by r.kind, r.lane
    ), busy_lanes as (
        select b.lane, sum(b.running) as running from busy b group by b.lane
    ), here as (
        select distinct r.kind, r.lane from jobs r where r.state = 'running' and r.leased_by = worker
    ), room as (
        select l.kind, l.lane,
            least(case when here.lane is null then greatest(1, w.slots - 1) else w.slots - 1 end,
                case when w.per_lane > 0 then greatest(0, w.per_lane - coalesce(b.running, 0)) end) as free
        from lanes l join wanted w on w.kind = l.kind left join busy b on b.kind = l.kind and b.lane = l.lane
            left join here on here.kind = l.kind and here.lane = l.lane
        where l.lane is not null
    ), candidates as (
        select j.* from room cross join lateral (
            select d.id, d.kind, d.lane, d.priority, d.run_at from jobs d
            where d.state = 'due' and d.kind = room.kind and d.lane = room.lane and d.run_at <= now()
                and not d.suspect
            order by d.priority, d.run_at, d.id limit room.free
        ) j
    ), turns as (
        select c.*, t.served_at, coalesce(b.running, 0)
            + row_number() over (partition by c.lane, c.priority order by c.run_at, c.id) as turn
        from candidates c left join busy_lanes b on b.lane = c.lane left join queue_turns t on t.lane = c.lane
    ), placed as (
        select t.*, row_number() over
            (partition by t.kind order by t.priority, t.turn, t.served_at nulls first, t.run_at, t.id) as place
        from turns t
    ), chosen as (
        select p.id from placed p join wanted w on w.kind = p.kind where p.place <= w.slots
        order by p.priority, p.turn, p.served_at nulls first, p.run_at, p.id limit total
    ), locked as (
        select j.id from jobs j where j.id in (select c.id from chosen c) and j.state = 'due' for update skip locked
    ), claimed as (
        update jobs j set state = 'running', fence = j.fence + 1, attempt = j.attempt + 1, started_at = now(),
            leased_by = worker, leased_until = now() + make_interval(secs => lease_seconds), is_alone = false
        from locked where j.id = locked.id
        returning j.id, j.organization_id, j.lane, j.kind, j.args, j.attempt, j.max_attempts, j.fence, j.correlation_id
    ), served as (
        insert into queue_turns as q (lane, served_at) select c.lane, max(clock_timestamp()) from claimed c
        group by c.lane
        on conflict (lane) do update set served_at = excluded.served_at
    )
    select c.id, c.organization_id, c.kind, c.args, c.attempt, c.max_attempts, c.fence, c.correlation_id, false
    from claimed c;
end $$;

-- A hundred attempts cost nothing while what a job needs is away. A bucket may be away for longer than a Postgres, and
-- meanwhile be asked for: the pauses grow, so that the hundred are enough for more than half an hour.

create or replace function settle_job(job uuid, held bigint, outcome text, delay_seconds float8, error text) returns text
language sql security definer set search_path = public, pg_temp
as $$
    with settled as (
        select id, jsonb_array_length(errors) as failures, outcome in ('snooze', 'return') or outcome = 'away' and jsonb_array_length(errors) < 100 as is_free,
            outcome = 'dead' or outcome = 'away' and jsonb_array_length(errors) >= 100 and attempt >= max_attempts as is_dead
        from jobs where id = job and fence = held and state = 'running' for update
    )
    update jobs j set
        state = case when s.is_dead then 'dead' else 'due' end,
        attempt = case when s.is_free then greatest(0, j.attempt - 1) else j.attempt end,
        run_at = case when outcome in ('retry', 'snooze') then now() + make_interval(secs => delay_seconds)
            when outcome = 'away' then now() + make_interval(secs => delay_seconds * (1 + least(s.failures, 100) / 5))
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
