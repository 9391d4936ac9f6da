-- What is said about what was said. One summary a client and session; its versions are never overwritten, and every
-- claim of a version shows the utterances and the words that support it.

create table summaries (
    id uuid primary key,
    organization_id uuid not null,
    session_id uuid not null,
    client_id uuid not null,
    -- due → done → approved or dismissed; failed when its job is dead.
    state text not null default 'due' check (state in ('due', 'done', 'failed', 'approved', 'dismissed')),
    failed_reason text,
    -- The newest version; 0 while there is none.
    version int not null default 0,
    approved_version int,
    approved_hash text,
    approved_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (organization_id, id),
    unique (organization_id, session_id, client_id),
    foreign key (organization_id, session_id) references sessions (organization_id, id),
    foreign key (organization_id, client_id) references clients (organization_id, id),
    check ((state = 'approved') = (approved_version is not null)),
    check ((approved_version is null) = (approved_hash is null))
);
select protect('summaries');

create table summary_versions (
    organization_id uuid not null,
    summary_id uuid not null,
    version int not null check (version > 0),
    -- Who wrote it: the summariser or the coach.
    author text not null check (author in ('summarizer', 'coach')),
    provider text not null,
    model text not null,
    prompt_version text not null,
    -- SHA-256 of the content as shown (see jobs/summarize/content.rs): what an approval signs.
    content_hash text not null,
    -- Claims kept and claims dropped because their evidence did not hold.
    claims_kept int not null,
    claims_dropped int not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, summary_id, version),
    foreign key (organization_id, summary_id) references summaries (organization_id, id)
);
select protect('summary_versions');

create table claims (
    id uuid primary key,
    organization_id uuid not null,
    summary_id uuid not null,
    version int not null,
    section text not null check (section in
        ('wins', 'challenges', 'action_items', 'recommendations', 'engagement', 'breakthrough', 'priority')),
    -- What goes to a client is drawn from the client's audience only.
    audience text not null check (audience in ('client', 'coach')),
    position int not null,
    text text not null,
    -- True when a coach's edit changed the words, so that the evidence supports the thought and not the wording.
    edited boolean not null default false,
    unique (organization_id, id),
    unique (organization_id, summary_id, version, section, position),
    foreign key (organization_id, summary_id, version) references summary_versions (organization_id, summary_id, version),
    check (audience = 'coach' or section in ('wins', 'challenges', 'action_items', 'recommendations'))
);
select protect('claims');

create table evidence (
    organization_id uuid not null,
    claim_id uuid not null,
    utterance_id uuid not null,
    quote text not null,
    primary key (organization_id, claim_id, utterance_id),
    foreign key (organization_id, claim_id) references claims (organization_id, id),
    foreign key (organization_id, utterance_id) references utterances (organization_id, id)
);
select protect('evidence');

-- What an action item has beyond its claim.
create table action_items (
    organization_id uuid not null,
    claim_id uuid not null,
    owner text not null check (owner in ('client', 'coach')),
    due_date date,
    -- The words that the date came from; null where no date was said.
    due_words text,
    primary key (organization_id, claim_id),
    foreign key (organization_id, claim_id) references claims (organization_id, id),
    check (due_date is null or due_words is not null)
);
select protect('action_items');

-- The ledger of the calls to language models: a row is written before the call and settled after it.
create table llm_calls (
    id uuid primary key,
    organization_id uuid not null,
    session_id uuid,
    task text not null,
    provider text not null,
    model text not null,
    prompt_version text not null,
    state text not null default 'started' check (state in ('started', 'succeeded', 'failed')),
    input_tokens int,
    cached_tokens int,
    output_tokens int,
    cost_micro_usd bigint,
    request_id text,
    error text,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    foreign key (organization_id, session_id) references sessions (organization_id, id)
);
create index llm_calls_by_session on llm_calls (organization_id, session_id);
select protect('llm_calls');
