-- The queue. A job is enqueued in the transaction of the fact that calls for it, and finished in the transaction of
-- its effect; the fence of its lease decides whose finish counts.

create table jobs (
    id uuid primary key,
    -- Null for the installation's own jobs (ingest, reconcile, prune).
    organization_id uuid references organizations (id),
    -- The same, but never null: whose turn it is. The installation's own jobs share the zero lane.
    lane uuid not null generated always as (coalesce(organization_id, '00000000-0000-0000-0000-000000000000')) stored,
    kind text not null,
    -- Ids only: never a name, an address or what was said.
    args jsonb not null,
    -- Unique among unfinished jobs of a kind (and organization); free again once the job is done.
    unique_key text,
    -- Lower runs first.
    priority smallint not null default 0,
    state text not null default 'due' check (state in ('due', 'running', 'done', 'dead', 'cancelled')),
    run_at timestamptz not null default now(),
    attempt smallint not null default 0,
    max_attempts smallint not null,
    -- Rises with every claim and never falls, unlike the attempt: a stale finisher's fence no longer matches.
    fence bigint not null default 0,
    leased_until timestamptz,
    leased_by text,
    -- How often the job's worker vanished under it; at three it is parked as poison.
    kills smallint not null default 0,
    progress jsonb,
    output jsonb,
    -- One entry an attempt: attempt, at, error.
    errors jsonb not null default '[]',
    correlation_id uuid not null,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    -- Set when the job died, cleared when its `on_dead` has told somebody; until then it is tried again at this time.
    tell_at timestamptz,
    check (tell_at is null or state = 'dead'),
    check ((state = 'running') = (leased_until is not null)),
    check ((state in ('done', 'dead', 'cancelled')) = (finished_at is not null))
);
create unique index jobs_unique_key on jobs (organization_id, kind, unique_key) nulls not distinct
    where unique_key is not null and state in ('due', 'running');
-- A lane's next job of a kind is one look away, however long the other lanes are.
create index jobs_due on jobs (kind, lane, priority, run_at, id) where state = 'due';
create index jobs_running on jobs (kind, lane) where state = 'running';
create index jobs_untold on jobs (tell_at) where tell_at is not null;
create index jobs_finished on jobs (finished_at) where finished_at is not null;

-- What a job is about: the most particular id among its arguments.
create function job_subject(args jsonb) returns text language sql immutable parallel safe
    as $$ select coalesce(args ->> 'mail_id', args ->> 'transcript_id', args ->> 'summary_id', args ->> 'session_id') $$;
create index jobs_by_subject on jobs (kind, job_subject(args)) where state <> 'done';

-- When each lane was last served: among lanes with as many jobs running, the one that waited longest is next.
create table queue_turns (
    lane uuid primary key,
    served_at timestamptz not null
);

alter table jobs enable row level security;
-- A tenant sees its own jobs; a transaction without a tenant sees the installation's.
create policy tenant on jobs using (organization_id is not distinct from (select current_organization()));
grant select, insert, update, delete on jobs to debrief_app;

-- Schedules belong to the installation: no policy.
create table schedules (
    name text primary key,
    -- The last tick that fired; the next is computed from it.
    last_tick timestamptz not null
);
grant select, insert, update on schedules to debrief_app;

-- A tick fires once, however many processes see it.
create table schedule_ticks (
    schedule text not null references schedules (name),
    tick timestamptz not null,
    fired_at timestamptz not null default now(),
    primary key (schedule, tick)
);
grant select, insert, delete on schedule_ticks to debrief_app;
