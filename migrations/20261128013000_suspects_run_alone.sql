-- A worker that vanishes takes every job that it held with it, and at most one of them killed it. So vanishing is evidence
-- against a job only if the job ran alone. A job whose worker vanished twice is a suspect: it runs alone in its process,
-- and is parked as poison after its worker vanished three times while it did. To vanish is no failed attempt: an innocent
-- job may be among those of many killed workers.

alter table jobs
    add column suspect boolean not null generated always as (kills >= 2) stored,
    -- While running: whether nothing else ran in its process.
    add column is_alone boolean not null default false,
    -- How often its worker vanished while it ran alone.
    add column kills_alone smallint not null default 0;
create index jobs_suspect on jobs (state, run_at) where suspect and state in ('due', 'running');

drop function claim_jobs(text[], int[], int[], int, text, float8);
-- With `suspects`, the suspect that waited longest is claimed, by itself; only one is claimed at a time over all
-- processes, so that the others go on. A program that does not ask for suspects never gets one.
--
-- Otherwise claims up to `total` due jobs of the given kinds, at most `slots` of a kind, and of a kind with a limit
-- `per_organization` at most that many running of one organization over all processes.
--
-- Fair: within a priority, the organization with the fewest running is next, and among equals the one that was
-- served longest ago; so ten thousand jobs of one do not keep another waiting. Claims take turns (the advisory lock,
-- held for this one statement), so that two processes neither want the same jobs nor together pass a limit.
create function claim_jobs(kinds text[], slots int[], per_organization int[], total int, worker text, lease_seconds float8,
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
    ), room as (
        select l.kind, l.lane,
            case when w.per_lane > 0 then greatest(0, least(w.slots, w.per_lane - coalesce(b.running, 0)))
                else w.slots end as free
        from lanes l join wanted w on w.kind = l.kind left join busy b on b.kind = l.kind and b.lane = l.lane
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

-- From here on nothing else runs in the process of this suspect. False if its lease was lost.
create function run_alone(job uuid, held bigint) returns boolean
language sql security definer set search_path = public, pg_temp
as $$
    with begun as (
        update jobs set is_alone = true, started_at = now() where id = job and fence = held and state = 'running' returning 1
    )
    select exists (select from begun)
$$;

-- Takes the jobs of vanished workers away from them: due again, without an attempt being counted, or dead if the job's
-- workers have vanished `poison` times while it ran alone. A server that has just started gives the living time to renew
-- their leases.
create or replace function rescue_jobs(kinds text[], poison int, delay_seconds float8, lease_seconds float8)
returns table (id uuid, organization_id uuid, kind text, args jsonb, attempt smallint, max_attempts smallint,
    fence bigint, correlation_id uuid, dead boolean, error text)
language plpgsql security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
begin
    if pg_postmaster_start_time() > now() - make_interval(secs => lease_seconds) then return; end if;
    return query
    with expired as (
        select j.id, j.is_alone and j.kills_alone + 1 >= poison as poisoned, case
            when not j.is_alone then 'its worker vanished'
            when j.kills_alone + 1 < poison
                then format('its worker vanished while it ran alone (%s of %s)', j.kills_alone + 1, poison)
            else format('its worker vanished %s times while it ran alone: parked as poison', j.kills_alone + 1)
            end as error
        from jobs j where j.state = 'running' and j.leased_until < now() and j.kind = any (kinds)
        order by j.leased_until limit 100 for update skip locked
    )
    update jobs j set
        state = case when e.poisoned then 'dead' else 'due' end,
        attempt = greatest(0, j.attempt - 1),
        kills = j.kills + 1,
        kills_alone = j.kills_alone + j.is_alone::int,
        fence = j.fence + 1,
        run_at = now() + make_interval(secs => delay_seconds),
        leased_until = null,
        leased_by = null,
        finished_at = case when e.poisoned then now() end,
        tell_at = case when e.poisoned then now() + interval '30 seconds' end,
        errors = j.errors || jsonb_build_object('attempt', j.attempt, 'at', now(), 'error', e.error)
    from expired e where j.id = e.id
    returning j.id, j.organization_id, j.kind, j.args, j.attempt, j.max_attempts, j.fence, j.correlation_id,
        e.poisoned, e.error;
end $$;

-- Dead and cancelled jobs start anew. One whose place under its unique key is taken by another stays as it is.
create or replace function retry_jobs(one uuid, wanted_state text, wanted_kind text, wanted_organization uuid) returns bigint
language sql security definer set search_path = public, pg_temp
as $$
    with chosen as (
        select j.id, row_number() over (partition by coalesce(j.unique_key, j.id::text), j.kind, j.lane order by j.id desc) as nth
        from jobs j
        where j.state in ('dead', 'cancelled') and (one is null or j.id = one)
            and (wanted_state is null or j.state = wanted_state) and (wanted_kind is null or j.kind = wanted_kind)
            and (wanted_organization is null or j.organization_id = wanted_organization)
            and not exists (select from jobs o where o.state in ('due', 'running') and o.kind = j.kind
                and o.lane = j.lane and o.unique_key = j.unique_key)
    ), retried as (
        update jobs j set state = 'due', attempt = 0, kills = 0, kills_alone = 0, fence = j.fence + 1, run_at = now(),
            finished_at = null, tell_at = null
        from chosen c where c.id = j.id and c.nth = 1 and j.state in ('dead', 'cancelled') returning 1
    )
    select count(*) from retried
$$;

do $$ declare ours regprocedure; begin
    for ours in select oid from pg_proc where pronamespace = 'public'::regnamespace and proname in ('claim_jobs', 'run_alone') loop
        execute format('revoke execute on function %s from public', ours);
        execute format('grant execute on function %s to debrief_app', ours);
    end loop;
end $$;
