-- The index: chunks of utterances and of summaries, as full text and as vectors.

create table chunks (
    id uuid primary key,
    organization_id uuid not null,
    coach_id uuid not null,
    session_id uuid not null,
    -- The client whose summary it is, or the only client who speaks in it; null where several or none do.
    client_id uuid,
    source text not null check (source in ('utterances', 'summary')),
    -- For a summary: which version.
    version int,
    -- Times within the session, where the transcript has them.
    start_ms bigint,
    end_ms bigint,
    text text not null,
    content_sha256 text not null,
    -- 'simple' keeps every language's words as they are.
    words tsvector generated always as (to_tsvector('simple', text)) stored,
    unique (organization_id, id),
    foreign key (organization_id, coach_id) references coaches (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id),
    foreign key (organization_id, client_id) references clients (organization_id, id)
);
create index chunks_words on chunks using gin (words);
create index chunks_by_session on chunks (organization_id, session_id);
select protect('chunks');

-- Vectors of different models are never mixed: each model has its own dimensions and its own partial index, which
-- the owner builds when a model is first used.
create table embeddings (
    organization_id uuid not null,
    chunk_id uuid not null,
    model text not null,
    embedding halfvec not null,
    primary key (organization_id, chunk_id, model),
    foreign key (organization_id, chunk_id) references chunks (organization_id, id) on delete cascade
);
create index embeddings_hashed_512 on embeddings using hnsw ((embedding::halfvec(512)) halfvec_cosine_ops)
    with (m = 16, ef_construction = 64) where model = 'hashed-512';
select protect('embeddings');
