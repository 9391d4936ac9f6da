-- Jobs are listed in pages: what follows the one that was enqueued then. As before but for the last two parameters, which a
-- process of the version before doesn't give.
drop function list_jobs(uuid, text, text, uuid, boolean, bigint);

create function list_jobs(one uuid, wanted_state text, wanted_kind text, wanted_organization uuid, housekeeping boolean,
    most bigint, before_time timestamptz default null, before_id uuid default null)
returns table (id uuid, organization_id uuid, kind text, subject text, state text, run_at timestamptz, attempt smallint,
    max_attempts smallint, kills smallint, correlation_id uuid, created_at timestamptz, started_at timestamptz,
    finished_at timestamptz, leased_until timestamptz, leased_by text, progress jsonb, output jsonb, errors jsonb)
language sql stable security definer set search_path = public, pg_temp as $$
    select j.id, j.organization_id, j.kind, job_subject(j.args), j.state, j.run_at, j.attempt, j.max_attempts, j.kills,
        j.correlation_id, j.created_at, j.started_at, j.finished_at, j.leased_until, j.leased_by, j.progress, j.output,
        j.errors
    from jobs j
    where (one is null or j.id = one) and (wanted_state is null or j.state = wanted_state)
        and (wanted_kind is null or j.kind = wanted_kind)
        and (wanted_organization is null or j.organization_id = wanted_organization)
        -- Of the installation's own jobs, which run every few seconds, those that went well are in the way.
        and (housekeeping or one is not null or wanted_kind is not null or j.organization_id is not null or j.state <> 'done')
        and (before_time is null or (j.created_at, j.id) < (before_time, before_id))
    order by j.created_at desc, j.id desc limit most
$$;

revoke execute on function list_jobs(uuid, text, text, uuid, boolean, bigint, timestamptz, uuid) from public;
grant execute on function list_jobs(uuid, text, text, uuid, boolean, bigint, timestamptz, uuid) to debrief_app;
