-- Which language model writes for an organization and what it may cost; answers that were paid for; and what all
-- processes together may ask of an endpoint.

-- What an organization chose for itself; where a column is null the installation's settings hold. A profile is the name
-- of a model in the settings ([llm] and [llm.models.*]): addresses and keys are never in the database.
create table organization_llm (
    organization_id uuid primary key references organizations (id),
    write_profile text,
    map_profile text,
    -- What its calls may cost in a calendar month of its time zone, in micro-dollars.
    budget_micro_usd bigint check (budget_micro_usd >= 0),
    updated_at timestamptz not null default now()
);
select protect('organization_llm');

-- Answers that fitted, so that identical work is not paid twice: a retried job finds what its last attempt paid for.
-- They hold what was said in other words, so they expire within days and go with their session.
create table llm_results (
    organization_id uuid not null references organizations (id),
    -- SHA-256 of prompt version, provider, model, schema and the request's words.
    key bytea not null check (octet_length(key) = 32),
    session_id uuid,
    -- Null: the answer did not fit into the model's output, and would not the next time either.
    answer text,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (organization_id, key),
    foreign key (organization_id, session_id) references sessions (organization_id, id) on delete cascade
);
create index llm_results_by_expiry on llm_results (organization_id, expires_at);
create index llm_results_by_session on llm_results (organization_id, session_id);
select protect('llm_results');

-- `reused` is a row for an answer that was there already: nothing was sent and nothing paid.
alter table llm_calls drop constraint llm_calls_state_check;
alter table llm_calls add constraint llm_calls_state_check
    check (state in ('started', 'succeeded', 'failed', 'reused'));
alter table llm_calls add column profile text;
-- What the call may cost at most, counted against the budget until its cost is known; kept where it never is (the
-- process died, the connection broke off), since such a call may have been paid.
alter table llm_calls add column reserved_micro_usd bigint;
create index llm_calls_by_time on llm_calls (organization_id, started_at);

-- The limits that all processes share, a row a profile. It holds times and counts, and nothing of any tenant: it has no
-- policy, since one account at a provider serves all organizations.
create table llm_endpoints (
    profile text primary key,
    -- Requests are spaced evenly: not before this the next one, by requests and by tokens a minute.
    next_request_at timestamptz not null default '-infinity',
    next_token_at timestamptz not null default '-infinity',
    -- When the last request that has its turn is sent.
    last_start_at timestamptz not null default '-infinity',
    -- When the next one that has to wait for long is told to come back.
    next_return_at timestamptz not null default '-infinity',
    -- The endpoint asked for patience until then (Retry-After).
    closed_until timestamptz not null default '-infinity',
    -- Failures in a row; from five on the endpoint is left alone until `open_until`.
    failures int not null default 0,
    open_until timestamptz
);
grant select, insert, update on llm_endpoints to debrief_app;

-- Reserves a request of so many tokens, or says when to come back. `verdict`: `go` (wait that many seconds, then send),
-- `wait` (nothing is reserved; come back after that many seconds) or `open` (the breaker; as `wait`).
--
-- Who must wait longer than `patience` is given a time of return of its own, half as far apart as the requests: so those
-- that wait come back one by one, a little before their turn, and the endpoint is not idle where too much was reserved.
create function llm_reserve(wanted text, requests_a_minute double precision, tokens_a_minute double precision,
                            tokens double precision, patience interval)
returns table (verdict text, seconds double precision)
language plpgsql as $$
declare
    endpoint llm_endpoints;
    moment timestamptz;
    starts timestamptz;
    returns_at timestamptz;
    -- Null where there is no such limit.
    request_step interval := make_interval(secs => 60 / requests_a_minute);
    token_step interval := make_interval(secs => tokens * 60 / tokens_a_minute);
begin
    insert into llm_endpoints (profile) values (wanted) on conflict do nothing;
    select * into endpoint from llm_endpoints where profile = wanted for update;
    -- After the lock: waiting for it took time.
    moment := clock_timestamp();
    if endpoint.open_until > moment then
        return query select 'open', extract(epoch from endpoint.open_until - moment)::double precision;
        return;
    end if;
    starts := greatest(moment, endpoint.closed_until, case when request_step is not null then endpoint.next_request_at end,
                       case when token_step is not null then endpoint.next_token_at end);
    if starts > moment + patience then
        returns_at := greatest(starts - patience / 2, endpoint.next_return_at);
        update llm_endpoints
        set next_return_at = returns_at + greatest(request_step, token_step, interval '10 milliseconds') / 2
        where profile = wanted;
        return query select 'wait', extract(epoch from returns_at - moment)::double precision;
        return;
    end if;
    update llm_endpoints
    set next_request_at = starts + coalesce(request_step, interval '0'),
        next_token_at = starts + coalesce(token_step, interval '0'),
        last_start_at = starts,
        -- Half open: this one tries, the others wait for what becomes of it.
        open_until = case when endpoint.open_until is not null then moment + interval '30 seconds' end
    where profile = wanted;
    return query select 'go', extract(epoch from starts - moment)::double precision;
end $$;

-- Records what became of a request: how many tokens were reserved and how many it used, whether the endpoint works, and
-- for how long it asked to be left alone. What was not used is given back only as far as nobody goes sooner after the
-- last one than an even flow allows: an endpoint does not save up what nobody used.
create function llm_settle(wanted text, tokens_a_minute double precision, reserved double precision,
                           used double precision, works boolean, closed_for interval)
returns void language sql as $$
    update llm_endpoints
    set next_token_at = case when tokens_a_minute is null then next_token_at else greatest(
            next_token_at + make_interval(secs => (used - reserved) * 60 / tokens_a_minute),
            least(next_token_at, last_start_at + make_interval(secs => used * 60 / tokens_a_minute))) end,
        -- Nothing was sent where it is not known whether the endpoint works.
        failures = case when works is null then failures when works then 0 else failures + 1 end,
        open_until = case when works then null
                          when not works and failures + 1 >= 5 then clock_timestamp() + interval '30 seconds'
                          else open_until end,
        closed_until = greatest(closed_until, clock_timestamp() + closed_for)
    where profile = wanted
$$;
