-- Two functions in the place of one: by words (BM25) and by meaning. The program fuses what they find, so that either answers
-- where the other can't.
drop function search_chunks(text, text, text, double precision, uuid, uuid, date, date, int, boolean);

-- The sessions and clients that filters and the caller's view leave; null where nothing narrows them. A client's sessions are
-- those that they attend or that were summarized for them.
create function search_scope(filters jsonb, out in_sessions uuid[], out of_clients uuid[])
language plpgsql stable set search_path = public, pg_temp
as $$
declare
    tenant constant uuid := current_organization();
    coaches constant uuid[] := coaches_in_view();
begin
    if filters ?| array['client', 'tag'] then
        select coalesce(array_agg(id), '{}') into of_clients from clients
        where organization_id = tenant
          and (filters ->> 'client' is null or id = (filters ->> 'client')::uuid)
          and (filters ->> 'tag' is null or exists (select from unnest(tags) tag where lower(tag) = lower(filters ->> 'tag')));
    end if;
    if coaches is not null or of_clients is not null or filters ?| array['coach', 'from', 'to', 'type'] then
        select coalesce(array_agg(s.id), '{}') into in_sessions from sessions s
        where s.organization_id = tenant
          and (coaches is null or s.coach_id = any (coaches))
          and (filters ->> 'coach' is null or s.coach_id = (filters ->> 'coach')::uuid)
          and (filters ->> 'from' is null or s.session_date >= (filters ->> 'from')::date)
          and (filters ->> 'to' is null or s.session_date <= (filters ->> 'to')::date)
          and (filters ->> 'type' is null or s.type = filters ->> 'type')
          and (of_clients is null
               or s.id in (select session_id from participants where organization_id = tenant and client_id = any (of_clients))
               or s.id in (select session_id from summaries where organization_id = tenant and client_id = any (of_clients)));
    end if;
end $$;

-- The conditions on a chunk `c`: $2 are the sessions, $3 the clients, $4 the sections, $5 what must be in its words and what must
-- not. A chunk with several speakers, or from before its speakers were known, belongs to all of its session.
create function search_conditions(in_sessions uuid[], of_clients uuid[], filters jsonb, required tsquery) returns text
language sql immutable set search_path = public, pg_temp
as $$
    select case when in_sessions is not null then ' and c.session_id = any ($2)' else '' end
        || case when of_clients is not null then ' and (c.client_id is null or c.client_id = any ($3))' else '' end
        || case when filters ? 'sections' then
            ' and case when c.source = ''utterances'' then ''transcript'' else c.section end = any ($4)' else '' end
        || case when (filters ->> 'only_said')::boolean then ' and c.source = ''utterances''' else '' end
        || case when required is not null then ' and c.words @@ $5' else '' end
$$;
revoke execute on function search_scope(jsonb), search_conditions(uuid[], uuid[], jsonb, tsquery) from public;

-- The chunks that fit the words best, by BM25. `terms` are the words that are looked for, each with all of its forms (and, for
-- a name, the clients who have it); any of them may be there. `must` are words that have to be there, `required` in which order,
-- and what must not.
create function search_by_words(terms jsonb, must text[], required tsquery, filters jsonb, depth int)
returns table (chunk_id uuid, score double precision)
-- Without statistics the planner would rather read all.
language plpgsql stable security definer set search_path = public, pg_temp set enable_seqscan = off set jit = off
as $$
declare
    -- At most about so many chunks are scored: the rarest words choose them, and all words weigh them.
    most constant int := 3000;
    tenant constant uuid := current_organization();
    prefix constant text := right(tenant::text, 12) || ' ';
    scope record;
    conditions text;
    sections text[];
    total bigint;
    average double precision;
    keys text[];
    frequency bigint;
    small boolean := false;
    -- The words, by how many chunks have them.
    chosen text[] := '{}';
    sum bigint := 0;
    counts text := '';
    weights text := '0';
    candidates text;
    number int := 0;
    looked record;
begin
    if tenant is null or (jsonb_array_length(terms) = 0 and cardinality(must) = 0) then
        return;
    end if;
    scope := search_scope(filters);
    conditions := search_conditions(scope.in_sessions, scope.of_clients, filters, required);
    sections := array(select jsonb_array_elements_text(filters -> 'sections'));
    select c.chunks, c.length into total, average from search_counts c where c.organization_id = tenant;
    if total is null then
        select count(*), avg(few.length) into total, average from (
            select c.length from chunks c where c.organization_id = tenant limit 2001) few;
    end if;
    -- Where few chunks are left by the filters, all of them are looked at.
    if scope.in_sessions is not null then
        execute 'select count(*) <= $6 from (select from chunks c where c.organization_id = $1' || conditions || ' limit $6 + 1) few'
            into small using tenant, scope.in_sessions, scope.of_clients, sections, null::tsquery, most;
    end if;
    for looked in
        select t.item, t.forms, coalesce(
            (select sum(w.chunks) from search_common_words w where w.organization_id = tenant and w.word = any (t.forms)),
            (select count(*) from (select from chunks c
                where search_keys(c.organization_id, c.words) && array(select prefix || form from unnest(t.forms) form)
                limit most + 1) few))::bigint as chunks
        from (select item, array(select jsonb_array_elements_text(item -> 'forms')) as forms
              from jsonb_array_elements(terms) item) t
        order by 3
    loop
        number := number + 1;
        frequency := looked.chunks;
        keys := array(select prefix || form from unnest(looked.forms) form);
        declare
            weight constant double precision := ln(1 + (greatest(total - frequency, 0) + 0.5) / (frequency + 0.5));
            in_text constant text := (select string_agg(format(
                -- ts_rank of one word is the sum of 1/n² up to how often it is there, over that of all n: turned round, how often.
                'round((1 / (1.6449340668 * (1.0000001 - ts_rank(''{1,1,1,1}'', w, %L::tsquery))) - 0.5)::numeric)',
                quote_literal(form)), ' + ') from unnest(looked.forms) form);
            named constant text := case when looked.item ? 'clients' then
                format('(client_id = any (%L::uuid[]))::int', array(select jsonb_array_elements_text(looked.item -> 'clients')))
                else '0' end;
        begin
            continue when frequency = 0 and named = '0';
            counts := counts || format(', greatest(%s, coalesce(%s, 0))::double precision as t%s', in_text, named, number);
            weights := weights || format(' + %s * t%s * 2.2 / (t%2$s + 1.2 * (0.25 + 0.75 * l))', weight, number);
        end;
        if frequency > 0 and (candidates is null or sum + frequency <= most) then
            chosen := chosen || keys;
            sum := sum + frequency;
            candidates := 'search_keys(c.organization_id, c.words) && $6';
        elsif frequency > most and sum > most then
            -- Common words alone: where all of them are.
            candidates := candidates || format(' and search_keys(c.organization_id, c.words) && %L::text[]', keys);
        end if;
    end loop;
    if cardinality(must) > 0 then
        chosen := array(select prefix || word from unnest(must) word);
        candidates := 'search_keys(c.organization_id, c.words) @> $6';
    elsif small then
        candidates := 'c.session_id = any ($2) and search_keys(c.organization_id, c.words) && $6';
        chosen := array(select prefix || form from jsonb_array_elements(terms) item, jsonb_array_elements_text(item -> 'forms') form);
    elsif candidates is null then
        return;
    end if;
    -- Read once and in one piece: each function that looks into the words would unpack them again. Planned with the values at hand.
    return query execute format('
        with found as materialized (
            select c.id, c.words || '''' as w, c.client_id, coalesce(c.length / $9, 1) as l from chunks c
            where %s and c.organization_id is not distinct from $1 %s limit $7
        )
        select id, (%s)::double precision as score
        from (select id, l %s from found offset 0) counted
        order by score desc, id limit $8', candidates, conditions, weights, counts)
        using tenant, scope.in_sessions, scope.of_clients, sections, required, chosen, most * 2, depth,
            greatest(average, 1);
end $$;
revoke execute on function search_by_words(jsonb, text[], tsquery, jsonb, int) from public;
grant execute on function search_by_words(jsonb, text[], tsquery, jsonb, int) to debrief_app;

-- The chunks nearest in meaning. An organization of ordinary size is read exactly; a larger one through the index of the model,
-- which is approximate, with the exact scan behind it where the index finds too few.
create function search_by_meaning(
    vector text, vector_model text, least_similarity double precision, required tsquery, filters jsonb, depth int
) returns table (chunk_id uuid, distance double precision)
language plpgsql stable security definer set search_path = public, pg_temp set jit = off
as $$
declare
    exact constant int := 30000;
    tenant constant uuid := current_organization();
    scope record;
    conditions text;
    sections text[];
    measure text;
    size bigint;
    nearest text;
    found uuid[];
    distances double precision[];
begin
    if tenant is null then
        return;
    end if;
    scope := search_scope(filters);
    conditions := search_conditions(scope.in_sessions, scope.of_clients, filters, required);
    sections := array(select jsonb_array_elements_text(filters -> 'sections'));
    -- The literal dimensions and model are what the partial index of the model is found by.
    measure := format('(e.embedding::halfvec(%s)) <=> $6::halfvec(%1$s)', vector_dims(vector::halfvec));
    if conditions = '' then
        nearest := format('select e.chunk_id, %s as distance from embeddings e
            where e.organization_id = $1 and e.model = %L', measure, vector_model);
        select c.chunks into size from search_counts c where c.organization_id = tenant;
        if size is null then
            select count(*) into size from (
                select from embeddings e where e.organization_id = tenant and e.model = vector_model limit exact + 1) few;
        end if;
    else
        nearest := format('select e.chunk_id, %s as distance from embeddings e
            join chunks c on c.organization_id = e.organization_id and c.id = e.chunk_id
            where e.organization_id = $1 and e.model = %L and c.organization_id = $1 %s', measure, vector_model, conditions);
        execute 'select count(*) from (select from chunks c where c.organization_id = $1' || conditions || ' limit $6 + 1) few'
            into size using tenant, scope.in_sessions, scope.of_clients, sections, required, exact;
    end if;
    if size > exact then
        perform set_config('hnsw.ef_search', '400', true), set_config('hnsw.iterative_scan', 'relaxed_order', true),
            set_config('hnsw.max_scan_tuples', '40000', true);
        execute format('select array_agg(n.chunk_id order by n.distance), array_agg(n.distance order by n.distance)
            from (%s order by %s limit $7) n', nearest, measure)
            into found, distances using tenant, scope.in_sessions, scope.of_clients, sections, required, vector, depth;
    end if;
    if coalesce(cardinality(found), 0) < depth then
        execute format('select array_agg(n.chunk_id order by n.distance), array_agg(n.distance order by n.distance)
            from (%s order by (%s) + 0 limit $7) n', nearest, measure)
            into found, distances using tenant, scope.in_sessions, scope.of_clients, sections, required, vector, depth;
    end if;
    return query select * from unnest(found, distances) near (chunk_id, distance)
        where 1 - near.distance >= least_similarity order by near.distance, near.chunk_id;
end $$;
revoke execute on function search_by_meaning(text, text, double precision, tsquery, jsonb, int) from public;
grant execute on function search_by_meaning(text, text, double precision, tsquery, jsonb, int) to debrief_app;

-- The languages of the organization's chunks.
create function search_languages(known text[]) returns text[]
language sql stable security definer set search_path = public, pg_temp
as $$
    select coalesce(array_agg(language), '{}') from unnest(known) as wanted (language)
    where exists (select from chunks c where c.organization_id = current_organization() and c.language = wanted.language)
$$;
revoke execute on function search_languages(text[]) from public;
grant execute on function search_languages(text[]) to debrief_app;

-- How many sessions the filters and the caller's view leave.
create function search_sessions(filters jsonb) returns bigint
language plpgsql stable security definer set search_path = public, pg_temp
as $$
declare
    scope constant record := search_scope(filters);
begin
    return coalesce(cardinality(scope.in_sessions), (select count(*) from sessions where organization_id = current_organization()));
end $$;
revoke execute on function search_sessions(jsonb) from public;
grant execute on function search_sessions(jsonb) to debrief_app;

-- As before, but that the index looks as far as the search does.
create or replace function similar_sessions(
    like_session uuid, vector_model text, least_similarity double precision, hits int
) returns table (chunk_id uuid, similarity double precision)
language plpgsql stable security definer set search_path = public, pg_temp
as $$
declare
    tenant constant uuid := current_organization();
    coaches constant uuid[] := coaches_in_view();
    -- How many passages are looked at: a session may have many near ones.
    depth constant int := greatest(hits * 20, 200);
    middle halfvec;
    measure text;
    large boolean;
begin
    select avg(e.embedding) into middle
    from sessions s
    join chunks c on c.organization_id = s.organization_id and c.session_id = s.id
    join embeddings e on e.organization_id = c.organization_id and e.chunk_id = c.id
    where s.organization_id = tenant and s.id = like_session and (coaches is null or s.coach_id = any (coaches))
      and c.source = 'utterances' and e.model = vector_model;
    if middle is null then
        return;
    end if;
    measure := format('(e.embedding::halfvec(%s)) <=> $2::halfvec(%1$s)', vector_dims(middle));
    select count(*) > 30000 into large from (
        select from embeddings e where e.organization_id = tenant and e.model = vector_model limit 30001) few;
    if large then
        perform set_config('hnsw.ef_search', '400', true), set_config('hnsw.iterative_scan', 'relaxed_order', true),
            set_config('hnsw.max_scan_tuples', '40000', true);
    end if;
    return query execute format('
        with near as materialized (
            select c.id, c.session_id, %1$s as distance
            from embeddings e
            join chunks c on c.organization_id = e.organization_id and c.id = e.chunk_id
            where e.organization_id = $1 and e.model = %2$L and c.session_id <> $3 and c.source = ''utterances''
              and ($4 is null or c.coach_id = any ($4))
            order by %3$s limit $5
        ), best as (
            select distinct on (session_id) id, 1 - distance as similarity from near order by session_id, distance, id
        )
        select id, similarity from best where similarity >= $6 order by similarity desc, id limit $7',
        measure, vector_model, case when large then measure else '(' || measure || ') + 0' end)
        using tenant, middle, like_session, coaches, depth, least_similarity, hits;
end $$;
