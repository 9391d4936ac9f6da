-- The sessions that are most like one: those that have the passages nearest to the middle of what was said in it. For each the
-- nearest passage.
create function similar_sessions(
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
    -- As in search_chunks.
    measure := format('(e.embedding::halfvec(%s)) <=> $2::halfvec(%1$s)', vector_dims(middle));
    select count(*) > 20000 into large from (
        select from embeddings e where e.organization_id = tenant and e.model = vector_model limit 20001) few;
    if large then
        perform set_config('hnsw.iterative_scan', 'strict_order', true);
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

revoke execute on function similar_sessions(uuid, text, double precision, int) from public;
grant execute on function similar_sessions(uuid, text, double precision, int) to debrief_app;
