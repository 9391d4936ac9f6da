-- People sign in and programs call the API, so who sees what is finer than the organization.
--
-- A person has roles and may have several. A lead sees the coaches of the teams that they lead. Which coaches' sessions a
-- transaction may see is set with set_config('app.coaches', '{ids}', true), beside the organization; '{}' is none. Where it
-- isn't set, as in jobs and on the command line, the transaction sees all of the organization.

alter table coaches add column roles text[];
update coaches set roles = array[role];
alter table coaches alter column roles set not null, alter column roles set default '{coach}';
alter table coaches add constraint coaches_roles_check
    check (cardinality(roles) > 0 and roles <@ array['coach', 'lead', 'admin']);
alter table coaches drop column role;

-- Whether admins may read what was said. Off: they manage people and settings only.
alter table organizations add column admins_read_sessions boolean not null default false;

create index sessions_by_day on sessions (organization_id, session_date desc, id desc);
create index summaries_by_client on summaries (organization_id, client_id);
create index participants_by_client on participants (organization_id, client_id) where client_id is not null;

create table teams (
    id uuid primary key,
    organization_id uuid not null references organizations (id),
    name text not null check (length(name) between 1 and 200),
    created_at timestamptz not null default now(),
    unique (organization_id, id),
    unique (organization_id, name)
);
select protect('teams');

create table team_members (
    organization_id uuid not null,
    team_id uuid not null,
    coach_id uuid not null,
    leads boolean not null default false,
    primary key (organization_id, team_id, coach_id),
    foreign key (organization_id, team_id) references teams (organization_id, id) on delete cascade,
    foreign key (organization_id, coach_id) references coaches (organization_id, id)
);
create index team_members_by_coach on team_members (organization_id, coach_id);
select protect('team_members');

create function coaches_in_view() returns uuid[] language sql stable
    as $$ select nullif(current_setting('app.coaches', true), '')::uuid[] $$;

-- A table with clients' data is under the coach's policy as well: `is_seen` says which rows belong to a coach in view. A row
-- that hangs on another is seen when that one is: the sub-select is under the same policies.
create function protect_for_coaches(tenant_table regclass, is_seen text) returns void
language plpgsql as $$
begin
    execute format('create policy coach on %s as restrictive using ((select coaches_in_view()) is null or %s)',
                   tenant_table, is_seen);
end $$;

do $$
declare
    of_coach constant text := 'coach_id = any ((select coaches_in_view())::uuid[])';
    of_session constant text := 'exists (select from sessions seen where seen.id = session_id)';
    of_summary constant text := 'exists (select from summaries seen where seen.id = summary_id)';
    of_claim constant text := 'exists (select from claims seen where seen.id = claim_id)';
    tenant_table text;
begin
    foreach tenant_table in array array['sessions', 'clients', 'aliases', 'chunks', 'corrections', 'rollups', 'voice_rules',
            'voice_examples', 'review_links', 'inbox_notices'] loop
        perform protect_for_coaches(tenant_table::regclass, of_coach);
    end loop;
    foreach tenant_table in array array['transcripts', 'utterances', 'attributions', 'participants', 'session_attendees',
            'chat_messages', 'danger_signs', 'summaries', 'misdeliveries', 'llm_results'] loop
        perform protect_for_coaches(tenant_table::regclass, of_session);
    end loop;
    foreach tenant_table in array array['summary_versions', 'claims', 'refinements'] loop
        perform protect_for_coaches(tenant_table::regclass, of_summary);
    end loop;
    foreach tenant_table in array array['evidence', 'action_items', 'threads'] loop
        perform protect_for_coaches(tenant_table::regclass, of_claim);
    end loop;
end $$;
select protect_for_coaches('embeddings', 'exists (select from chunks seen where seen.id = chunk_id)');
select protect_for_coaches('review_visits', 'exists (select from review_links seen where seen.id = link_id)');
-- A file's name may be a client's; its folder is the coach's.
select protect_for_coaches('bucket_objects', 'lower(split_part(object_key, ''/'', 2)) in (
    select handle from coaches where id = any ((select coaches_in_view())::uuid[]))');
-- A mail is about a session, or goes to a coach.
select protect_for_coaches('mails', 'case when session_id is null then coach_id = any ((select coaches_in_view())::uuid[])
    else exists (select from sessions seen where seen.id = session_id) end');

-- The audit: who, by what, and whose data. A read of a list names no session.
alter table review_events rename to audit_events;
alter index review_events_by_session rename to audit_events_by_session;
alter table audit_events
    alter column session_id drop not null,
    add column person_id uuid,
    add column key_id uuid,
    add column client_id uuid,
    add foreign key (organization_id, person_id) references coaches (organization_id, id),
    drop constraint review_events_kind_check,
    -- The kinds are a list in jobs/audit.rs: one that the schema didn't know would be refused in the middle of an action.
    add constraint audit_events_kind_check check (kind ~ '^[a-z_]{1,60}$');
create index audit_events_by_person on audit_events (organization_id, person_id, at desc, id desc) where person_id is not null;
create index audit_events_by_time on audit_events (organization_id, at desc, id desc);

-- What other software signs in with. The key itself is shown once.
create table api_keys (
    id uuid primary key,
    organization_id uuid not null references organizations (id),
    -- Whose rights it has; the organization's own where null.
    person_id uuid,
    name text not null check (length(name) between 1 and 200),
    -- The first letters, so that people recognise it.
    prefix text not null,
    key_sha256 bytea not null constraint api_keys_key unique,
    scopes text[] not null check (cardinality(scopes) > 0),
    created_by uuid,
    -- The key that it was created with: it ends with that one.
    parent_id uuid,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    unique (organization_id, id),
    foreign key (organization_id, person_id) references coaches (organization_id, id),
    foreign key (organization_id, created_by) references coaches (organization_id, id),
    foreign key (organization_id, parent_id) references api_keys (organization_id, id)
);
create index api_keys_by_person on api_keys (organization_id, person_id);
select protect('api_keys');

create function api_key_by_hash(hash bytea) returns table (organization_id uuid, key_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id, id from api_keys where key_sha256 = hash $$;
revoke execute on function api_key_by_hash(bytea) from public;
grant execute on function api_key_by_hash(bytea) to debrief_app;

-- The answer to a request that a program may send again: kept in the transaction of its effect.
create table idempotency_keys (
    organization_id uuid not null references organizations (id),
    -- The API key, or the person.
    caller_id uuid not null,
    key text not null check (length(key) between 1 and 255),
    -- SHA-256 of the method, the path and the body: the same key for another request is refused.
    request_sha256 bytea not null,
    status smallint,
    headers jsonb,
    body bytea,
    created_at timestamptz not null default now(),
    primary key (organization_id, caller_id, key)
);
create index idempotency_keys_by_time on idempotency_keys (created_at);
select protect('idempotency_keys');

-- How often somebody asked, in the window that is open: shared by all processes. Who it was is a hash. Losing it in a crash
-- costs nothing.
create unlogged table request_counts (
    bucket bytea primary key,
    asked int not null,
    ends_at timestamptz not null
);
create index request_counts_by_end on request_counts (ends_at);

-- Counts a request. Only the caller's own bucket can be told from the answer.
create function count_request(asked_by bytea, seconds int) returns table (asked int, ends_in_seconds int)
language sql security definer set search_path = public, pg_temp
as $$
    insert into request_counts as counted values (asked_by, 1, now() + make_interval(secs => seconds))
    on conflict (bucket) do update
        set asked = case when counted.ends_at <= now() then 1 else counted.asked + 1 end,
            ends_at = case when counted.ends_at <= now() then excluded.ends_at else counted.ends_at end
    returning counted.asked, greatest(1, ceil(extract(epoch from counted.ends_at - now())))::int
$$;

create function forget_request_counts() returns bigint
language sql security definer set search_path = public, pg_temp
as $$
    with gone as (delete from request_counts where ends_at < now() - interval '1 minute' returning 1) select count(*) from gone
$$;

-- Answers are kept for a day.
create function forget_idempotency_keys() returns bigint
language sql security definer set search_path = public, pg_temp
as $$
    with gone as (delete from idempotency_keys where created_at < now() - interval '1 day' returning 1) select count(*) from gone
$$;
revoke execute on function count_request(bytea, int), forget_request_counts(), forget_idempotency_keys() from public;
grant execute on function count_request(bytea, int), forget_request_counts(), forget_idempotency_keys() to debrief_app;

-- Search runs as the owner, so it applies the coach's policy itself, as it does the organization's.
create or replace function search_chunks(
    wanted text, vector text, vector_model text, least_similarity double precision,
    only_coach uuid, only_client uuid, first_day date, last_day date, hits int
) returns table (chunk_id uuid, score double precision)
language plpgsql stable security definer set search_path = public, pg_temp
as $$
declare
    tenant constant uuid := current_organization();
    -- How deep either list goes before they are fused.
    depth constant int := greatest(hits * 4, 50);
    -- An utterance chunk with several speakers, or from before its speakers were known, belongs to all of its session.
    filters constant text := '($1 = c.organization_id)
        and ($5 is null or c.coach_id = $5)
        and ($6 is null or c.client_id = $6 or (c.client_id is null and exists (
            select from participants p
            where p.organization_id = c.organization_id and p.session_id = c.session_id and p.client_id = $6)))
        and ($7 is null or s.session_date >= $7)
        and ($8 is null or s.session_date <= $8)
        and ($11 is null or c.coach_id = any ($11))';
    near text := 'select null::uuid as id, null::double precision as distance where false';
    measure text;
    large boolean;
begin
    if tenant is null then
        return;
    end if;
    if vector is not null then
        -- The literal dimensions and model are what the partial index of the model is found by.
        measure := format('(e.embedding::halfvec(%s)) <=> $3::halfvec(%1$s)', vector_dims(vector::halfvec));
        -- The index is approximate, and poor under filters: a tenant of ordinary size is scanned exactly.
        select count(*) > 20000 into large from (
            select from embeddings e where e.organization_id = tenant and e.model = vector_model limit 20001) few;
        if large then
            perform set_config('hnsw.iterative_scan', 'strict_order', true);
        end if;
        near := format('select e.chunk_id as id, %1$s as distance
            from embeddings e
            join chunks c on c.organization_id = e.organization_id and c.id = e.chunk_id
            join sessions s on s.organization_id = c.organization_id and s.id = c.session_id
            where e.organization_id = $1 and e.model = %2$L and %3$s
            order by %4$s limit $9', measure, vector_model, filters,
            case when large then measure else '(' || measure || ') + 0' end);
    end if;
    -- Planned anew each time, with the values at hand: a generic plan would know nothing of the words.
    return query execute format('
        with by_words as (
            select c.id, row_number() over (order by ts_rank_cd(c.words, query) desc, c.id) as rank
            from chunks c
            join sessions s on s.organization_id = c.organization_id and s.id = c.session_id,
            websearch_to_tsquery(''simple'', $2) query
            where c.words @@ query and %1$s
            order by rank limit $9
        ), near as materialized (%2$s), by_nearness as (
            select id, row_number() over (order by distance, id) as rank from near where 1 - distance >= $4
        )
        select id, sum(1.0 / (60 + rank))::double precision as score
        from (select * from by_words union all select * from by_nearness) ranked
        group by id order by score desc, id limit $10', filters, near)
        using tenant, wanted, vector, least_similarity, only_coach, only_client, first_day, last_day, depth, hits, coaches_in_view();
end $$;
