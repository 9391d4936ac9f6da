-- The queue's own functions. A worker serves every organization, so claiming, leasing, settling and looking in cross
-- tenants: each function runs as the owner, has a fixed search_path, and gives away ids, kinds and times only (a
-- job's arguments are ids). What a job then does, it does in its own organization's transaction.

-- Claims up to `total` due jobs of the given kinds, at most `slots` of a kind, and of a kind with a limit
-- `per_organization` at most that many running of one organization over all processes.
--
-- Fair: within a priority, the organization with the fewest running is next, and among equals the one that was
-- served longest ago; so ten thousand jobs of one do not keep another waiting. Claims take turns (the advisory lock,
-- held for this one statement), so that two processes neither want the same jobs nor together pass a limit.
create function claim_jobs(kinds text[], slots int[], per_organization int[], total int, worker text, lease_seconds float8)
returns table (id uuid, organization_id uuid, kind text, args jsonb, attempt smallint, max_attempts smallint,
    fence bigint, correlation_id uuid)
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '5s'
as $$
#variable_conflict use_column
begin
    perform pg_advisory_xact_lock(7267323);
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
            leased_by = worker, leased_until = now() + make_interval(secs => lease_seconds)
        from locked where j.id = locked.id
        returning j.id, j.organization_id, j.lane, j.kind, j.args, j.attempt, j.max_attempts, j.fence, j.correlation_id
    ), served as (
        insert into queue_turns as q (lane, served_at) select c.lane, max(clock_timestamp()) from claimed c
        group by c.lane
        on conflict (lane) do update set served_at = excluded.served_at
    )
    select c.id, c.organization_id, c.kind, c.args, c.attempt, c.max_attempts, c.fence, c.correlation_id from claimed c;
end $$;

-- Extends the leases that are still held under their fences, and gives back those that are not: their jobs belong to
-- another worker now, or to nobody. A row that is locked is being finished this moment; it is neither extended nor
-- lost, and neither is one that was finished under this very fence, even if its worker does not know so yet.
create function extend_leases(ids uuid[], fences bigint[], lease_seconds float8) returns table (id uuid, fence bigint)
language plpgsql security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
begin
    with held as (
        select j.id from jobs j join unnest(ids, fences) as h (id, fence) on h.id = j.id and h.fence = j.fence
        where j.state = 'running' for update of j skip locked
    )
    update jobs j set leased_until = now() + make_interval(secs => lease_seconds) from held where j.id = held.id;
    return query
    select h.id, h.fence from unnest(ids, fences) as h (id, fence)
    where not exists (select from jobs j where j.id = h.id and j.fence = h.fence and j.state in ('running', 'done'));
end $$;

-- Ends an attempt that did not finish its job: `retry` (due again after the delay), `dead`, `snooze` (due again after
-- the delay, attempt given back) or `return` (due at once, attempt given back). Says the state that the job is in
-- now; nothing where the fence no longer holds.
create function settle_job(job uuid, held bigint, outcome text, delay_seconds float8, error text) returns text
language sql security definer set search_path = public, pg_temp
as $$
    update jobs set
        state = case outcome when 'dead' then 'dead' else 'due' end,
        attempt = case when outcome in ('snooze', 'return') then greatest(0, attempt - 1) else attempt end,
        run_at = case when outcome in ('retry', 'snooze') then now() + make_interval(secs => delay_seconds) else run_at end,
        fence = fence + 1,
        leased_until = null,
        leased_by = null,
        finished_at = case outcome when 'dead' then now() end,
        tell_at = case outcome when 'dead' then now() + interval '30 seconds' end,
        errors = case when error is null then errors
            else errors || jsonb_build_object('attempt', attempt, 'at', now(), 'error', error) end
    where id = job and fence = held and state = 'running'
    returning state
$$;

-- Takes the jobs of vanished workers away from them: due again, or dead when this was the last attempt or the job
-- has killed its worker `poison` times. A server that has just started gives the living time to renew their leases.
create function rescue_jobs(kinds text[], poison int, delay_seconds float8, lease_seconds float8)
returns table (id uuid, organization_id uuid, kind text, args jsonb, attempt smallint, max_attempts smallint,
    fence bigint, correlation_id uuid, dead boolean, error text)
language plpgsql security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
begin
    if pg_postmaster_start_time() > now() - make_interval(secs => lease_seconds) then return; end if;
    return query
    with expired as (
        select j.id, case
            when j.kills + 1 >= poison then format('its worker vanished %s times: parked as poison', j.kills + 1)
            when j.attempt >= j.max_attempts then 'its worker vanished in the last attempt'
            end as fatal
        from jobs j where j.state = 'running' and j.leased_until < now() and j.kind = any (kinds)
        order by j.leased_until limit 100 for update skip locked
    )
    update jobs j set
        state = case when e.fatal is null then 'due' else 'dead' end,
        kills = j.kills + 1,
        fence = j.fence + 1,
        run_at = now() + make_interval(secs => delay_seconds),
        leased_until = null,
        leased_by = null,
        finished_at = case when e.fatal is not null then now() end,
        tell_at = case when e.fatal is not null then now() + interval '30 seconds' end,
        errors = j.errors || jsonb_build_object('attempt', j.attempt, 'at', now(), 'error',
            coalesce(e.fatal, 'its worker vanished'))
    from expired e where j.id = e.id
    returning j.id, j.organization_id, j.kind, j.args, j.attempt, j.max_attempts, j.fence, j.correlation_id,
        e.fatal is not null, coalesce(e.fatal, 'its worker vanished');
end $$;

-- Takes the dead jobs whose death nobody has been told of yet (their worker fell between the two), to try again.
create function take_untold_jobs(kinds text[])
returns table (id uuid, organization_id uuid, kind text, args jsonb, attempt smallint, max_attempts smallint,
    fence bigint, correlation_id uuid, error text)
language sql security definer set search_path = public, pg_temp
as $$
    with untold as (
        select j.id from jobs j where j.tell_at <= now() and j.kind = any (kinds)
        order by j.tell_at limit 20 for update skip locked
    )
    update jobs j set tell_at = now() + interval '5 minutes' from untold where j.id = untold.id
    returning j.id, j.organization_id, j.kind, j.args, j.attempt, j.max_attempts, j.fence, j.correlation_id,
        coalesce(j.errors -> -1 ->> 'error', 'dead')
$$;

-- The death of a job has been told.
create function job_told(job uuid) returns void
language sql security definer set search_path = public, pg_temp
as $$ update jobs set tell_at = null where id = job $$;

-- What is left to do, by kind: running or due within so many seconds, and due later.
create function queue_left(kinds text[], within_seconds float8)
returns table (kind text, now_due bigint, running bigint, later bigint, earliest timestamptz)
language sql stable security definer set search_path = public, pg_temp
as $$
    select j.kind,
        count(*) filter (where j.state = 'due' and j.run_at <= now() + make_interval(secs => within_seconds)),
        count(*) filter (where j.state = 'running'),
        count(*) filter (where j.state = 'due' and j.run_at > now() + make_interval(secs => within_seconds)),
        min(j.run_at) filter (where j.state = 'due' and j.run_at > now() + make_interval(secs => within_seconds))
    from jobs j where j.state in ('due', 'running') and j.kind = any (kinds) group by j.kind order by j.kind
$$;

-- Jobs by kind and state, and how long the oldest that could run has waited.
create function queue_stats() returns table (kind text, state text, jobs bigint, oldest_due_seconds float8)
language sql stable security definer set search_path = public, pg_temp
as $$
    select j.kind, j.state, count(*),
        extract(epoch from now() - min(j.run_at) filter (where j.state = 'due' and j.run_at <= now()))::float8
    from jobs j group by j.kind, j.state order by j.kind, j.state
$$;

-- For operators: jobs by filter, newest first. `subject` is the id that the job is about.
create function list_jobs(one uuid, wanted_state text, wanted_kind text, wanted_organization uuid, housekeeping boolean,
    most bigint)
returns table (id uuid, organization_id uuid, kind text, subject text, state text, run_at timestamptz,
    attempt smallint, max_attempts smallint, kills smallint, correlation_id uuid, created_at timestamptz,
    started_at timestamptz, finished_at timestamptz, leased_until timestamptz, leased_by text, progress jsonb,
    output jsonb, errors jsonb)
language sql stable security definer set search_path = public, pg_temp
as $$
    select j.id, j.organization_id, j.kind, job_subject(j.args), j.state, j.run_at, j.attempt, j.max_attempts, j.kills,
        j.correlation_id, j.created_at, j.started_at, j.finished_at, j.leased_until, j.leased_by, j.progress, j.output,
        j.errors
    from jobs j
    where (one is null or j.id = one) and (wanted_state is null or j.state = wanted_state)
        and (wanted_kind is null or j.kind = wanted_kind)
        and (wanted_organization is null or j.organization_id = wanted_organization)
        -- Of the installation's own jobs, which run every few seconds, those that went well are in the way.
        and (housekeeping or one is not null or wanted_kind is not null or j.organization_id is not null or j.state <> 'done')
    order by j.created_at desc, j.id desc limit most
$$;

-- Dead and cancelled jobs start anew. One whose place under its unique key is taken by another stays as it is.
create function retry_jobs(one uuid, wanted_state text, wanted_kind text, wanted_organization uuid) returns bigint
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
        update jobs j set state = 'due', attempt = 0, kills = 0, fence = j.fence + 1, run_at = now(),
            finished_at = null, tell_at = null
        from chosen c where c.id = j.id and c.nth = 1 and j.state in ('dead', 'cancelled') returning 1
    )
    select count(*) from retried
$$;

-- Due jobs will not run; a running one's finish will be stale, and its worker aborts it at the next heartbeat.
create function cancel_jobs(one uuid, wanted_state text, wanted_kind text, wanted_organization uuid) returns bigint
language sql security definer set search_path = public, pg_temp
as $$
    with cancelled as (
        update jobs j set state = 'cancelled', fence = j.fence + 1, finished_at = now(), leased_until = null,
            leased_by = null
        where j.state in ('due', 'running') and (one is null or j.id = one)
            and (wanted_state is null or j.state = wanted_state) and (wanted_kind is null or j.kind = wanted_kind)
            and (wanted_organization is null or j.organization_id = wanted_organization)
        returning 1
    )
    select count(*) from cancelled
$$;

-- Deletes finished jobs that were kept long enough, at most `most` at a time. A dead or cancelled job of a session
-- that is still on its way stays: without it, reconcile would take the step for forgotten.
create function prune_jobs(done_days float8, own_done_days float8, cancelled_days float8, dead_days float8, most bigint) returns bigint
language sql security definer set search_path = public, pg_temp
as $$
    with old as (
        select j.id from jobs j
        where j.finished_at < now() - make_interval(secs => 86400 * case j.state
                when 'done' then case when j.organization_id is null then own_done_days else done_days end when 'cancelled' then cancelled_days else dead_days end)
            and (j.state = 'done' or not exists (select from sessions s
                where s.correlation_id = j.correlation_id and s.state not in ('closed', 'rejected')))
        order by j.finished_at limit most for update skip locked
    ), gone as (
        delete from jobs j using old where j.id = old.id returning 1
    )
    select count(*) from gone
$$;

-- Sessions whose next step has neither a live job nor one that ended dead or cancelled, untouched for so long.
create function sessions_without_next_job(untouched_seconds float8)
returns table (organization_id uuid, session_id uuid, state text)
language sql stable security definer set search_path = public, pg_temp
as $$
    with waiting as (
        select s.organization_id, s.id, s.state from sessions s
        where s.state in ('received', 'parsed', 'attributed', 'summarized')
            and s.updated_at <= now() - make_interval(secs => untouched_seconds)
    ), steps as (
        -- Each waiting session with the steps that are next: a kind and what it is about.
        select w.organization_id, w.id, w.state, 'parse.transcript' as kind, newest.id::text as subject
        from waiting w cross join lateral (
            select t.id from transcripts t
            where t.organization_id = w.organization_id and t.session_id = w.id
                and t.parsed_at is null and t.rejected_reason is null
            order by t.received_at desc, t.id desc limit 1
        ) newest where w.state = 'received'
        union all
        select w.organization_id, w.id, w.state, 'attribute.session', w.id::text from waiting w where w.state = 'parsed'
        union all
        select w.organization_id, w.id, w.state, 'summarize.client', m.id::text
        from waiting w join summaries m on m.organization_id = w.organization_id and m.session_id = w.id and m.state = 'due'
        where w.state = 'attributed'
        union all
        select w.organization_id, w.id, w.state, 'review.request', w.id::text from waiting w
        where w.state = 'summarized' or w.state = 'attributed' and not exists (select from summaries m
            where m.organization_id = w.organization_id and m.session_id = w.id and m.state = 'due')
    )
    select distinct s.organization_id, s.id, s.state from steps s
    where not exists (select from jobs j where j.kind = s.kind and job_subject(j.args) = s.subject and j.state <> 'done')
    limit 1000
$$;

-- Mails that wait to go out, are due, and have no job that would send them.
create function mails_without_job(untouched_seconds float8) returns table (organization_id uuid, mail_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$
    select m.organization_id, m.id from mails m
    where m.state = 'queued' and m.due_at <= now() - make_interval(secs => untouched_seconds)
        and not exists (select from jobs j where j.kind in ('mail.send', 'follow_up.send')
            and job_subject(j.args) = m.id::text and j.state <> 'done')
    limit 1000
$$;
create index mails_queued on mails (due_at) where state = 'queued';

-- Of our own functions only: those of the extension are not ours to grant.
do $$ declare ours regprocedure; begin
    for ours in select oid from pg_proc where pronamespace = 'public'::regnamespace and proowner = current_user::regrole loop
        execute format('revoke execute on function %s from public', ours);
        execute format('grant execute on function %s to debrief_app', ours);
    end loop;
end $$;
