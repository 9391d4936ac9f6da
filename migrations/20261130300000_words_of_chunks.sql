-- The words of a chunk are cut, folded and stemmed by the program, in the session's language: what Postgres makes of a letter
-- depends on the cluster's locale, and its stems on its version. What was indexed before keeps the words that it has.
alter table chunks alter column words drop expression;
alter table chunks
    -- The language whose stems the words have; null where it was indexed before, or where no stemmer knows the language.
    add column language text,
    -- How many words it has.
    add column length int,
    -- A summary's section.
    add column section text,
    -- What it is made of: the utterances that it holds, or a claim's evidence.
    add column utterances uuid[];

-- Which lists of the full-text index a chunk is in: each organization has its own list of each word, so that a word that is common
-- elsewhere costs nobody anything. The prefix keeps the lists apart, not the organizations: search compares those as well.
create function search_keys(organization uuid, words tsvector) returns text[] language sql immutable parallel safe
    return (select array_agg(right(organization::text, 12) || ' ' || word) from unnest(tsvector_to_array(words)) word);

drop index chunks_words;
-- Without a list of pending entries: each search would read the one of all organizations.
create index chunks_words on chunks using gin (search_keys(organization_id, words)) with (fastupdate = off);
-- What is filtered by, without the words.
create index chunks_filtered on chunks (organization_id, id) include (session_id, client_id, source, section);
create index chunks_by_language on chunks (organization_id, language);

-- How many chunks an organization has and how long they are, once it has more than can be counted in passing.
create table search_counts (
    organization_id uuid primary key references organizations (id),
    chunks bigint not null,
    length double precision not null,
    counted_at timestamptz not null default now()
);
select protect('search_counts');

-- In how many chunks a word is. Only of words that were said in twenty sessions or more: what one person said isn't kept here when
-- it is deleted.
create table search_common_words (
    organization_id uuid not null references organizations (id),
    word text not null,
    chunks bigint not null,
    primary key (organization_id, word)
);
select protect('search_common_words');

-- Counts the words of the transaction's organization, in a sample where it is large.
create function count_search_words() returns bigint
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    tenant constant uuid := current_organization();
    counted bigint;
    average double precision;
    share double precision;
begin
    if tenant is null then
        return 0;
    end if;
    select count(*), coalesce(avg(c.length), 1) into counted, average from chunks c where c.organization_id = tenant;
    share := least(1, 20000.0 / greatest(counted, 1));
    delete from search_common_words where organization_id = tenant;
    insert into search_common_words (organization_id, word, chunks)
    select tenant, word, round(count(*) / share)
    from chunks c cross join unnest(tsvector_to_array(c.words)) word
    where c.organization_id = tenant and (share = 1 or abs(hashtext(c.id::text)) % 100000 < share * 100000)
    group by word
    having count(*) >= 0.005 * counted * share and count(distinct c.session_id) >= 20;
    insert into search_counts as old (organization_id, chunks, length) values (tenant, counted, average)
    on conflict (organization_id) do update set chunks = excluded.chunks, length = excluded.length, counted_at = now();
    return counted;
end $$;
revoke execute on function count_search_words() from public;
grant execute on function count_search_words() to debrief_app;
