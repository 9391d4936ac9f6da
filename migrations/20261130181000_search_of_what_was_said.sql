-- Whoever may not read summaries searches what was said alone. As before but for the last parameter, which a process of the
-- version before doesn't give.
drop function search_chunks(text, text, text, double precision, uuid, uuid, date, date, int);

create function search_chunks(
    wanted text, vector text, vector_model text, least_similarity double precision,
    only_coach uuid, only_client uuid, first_day date, last_day date, hits int,
    only_said boolean default false
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
        and ($11 is null or c.coach_id = any ($11))
        and (not $12 or c.source = ''utterances'')';
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
        using tenant, wanted, vector, least_similarity, only_coach, only_client, first_day, last_day, depth, hits, coaches_in_view(),
            only_said;
end $$;

revoke execute on function search_chunks(text, text, text, double precision, uuid, uuid, date, date, int, boolean) from public;
grant execute on function search_chunks(text, text, text, double precision, uuid, uuid, date, date, int, boolean) to debrief_app;
