-- What was said: sessions, the transcripts they came in, their utterances, and who spoke them.

create table sessions (
    id uuid primary key,
    organization_id uuid not null,
    coach_id uuid not null,
    title text not null,
    type text not null default 'individual' check (type in ('individual', 'group')),
    session_date date not null,
    date_source text not null check (date_source in ('path', 'file_name', 'content', 'object_time')),
    -- The first key that this session came under: a new upload under it is a new transcript of the same session.
    object_key text not null,
    state text not null default 'received' check (state in
        ('received', 'rejected', 'parsed', 'waiting_for_speakers', 'attributed', 'summarized', 'in_review', 'closed')),
    -- Set when a stage is dead: which, and why in plain words. Cleared when the stage goes on.
    failed_stage text,
    failed_reason text,
    -- Goes from the object to the mail, through every log line.
    correlation_id uuid not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    closed_at timestamptz,
    unique (organization_id, id),
    unique (organization_id, coach_id, object_key),
    foreign key (organization_id, coach_id) references coaches (organization_id, id),
    check ((failed_stage is null) = (failed_reason is null))
);
create index sessions_by_coach on sessions (organization_id, coach_id, session_date desc);
create index sessions_unfinished on sessions (updated_at) where state not in ('closed', 'rejected');
select protect('sessions');

create table transcripts (
    id uuid primary key,
    organization_id uuid not null,
    session_id uuid not null,
    -- Where the coach put it, and as what; `stored_key` is our own copy, kept whatever happens to the inbox.
    object_key text not null,
    etag text not null,
    stored_key text not null,
    sha256 text not null,
    size_bytes bigint not null,
    object_time timestamptz not null,
    format text,
    warnings jsonb not null default '[]',
    rejected_reason text,
    received_at timestamptz not null default now(),
    parsed_at timestamptz,
    unique (organization_id, id),
    -- The same content twice in an organization is the same transcript.
    constraint transcripts_sha256_key unique (organization_id, sha256),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
);
create index transcripts_by_session on transcripts (organization_id, session_id);
select protect('transcripts');

-- The ledger of the bucket: what was seen under inbox/, and what came of it. It belongs to the installation, since
-- an object is known before its coach and organization are; it is one of the few tables without a policy.
create table bucket_objects (
    bucket text not null,
    object_key text not null,
    etag text not null,
    size_bytes bigint not null,
    object_time timestamptz not null,
    first_seen_at timestamptz not null default now(),
    -- seen (once), taken, rejected, duplicate; a roster is `applied`.
    outcome text not null default 'seen' check (outcome in ('seen', 'taken', 'rejected', 'duplicate', 'applied')),
    reason text,
    organization_id uuid,
    primary key (bucket, object_key, etag)
);
grant select, insert, update, delete on bucket_objects to debrief_app;

create table utterances (
    id uuid primary key,
    organization_id uuid not null,
    session_id uuid not null,
    transcript_id uuid not null,
    -- From 0, in the order of the transcript.
    position int not null,
    -- As written in the file; null where the file names nobody.
    label text,
    start_ms bigint,
    end_ms bigint,
    text text not null,
    unique (organization_id, id),
    unique (organization_id, transcript_id, position),
    foreign key (organization_id, session_id) references sessions (organization_id, id),
    foreign key (organization_id, transcript_id) references transcripts (organization_id, id)
);
create index utterances_by_session on utterances (organization_id, session_id, position);
select protect('utterances');

create table participants (
    id uuid primary key,
    organization_id uuid not null,
    session_id uuid not null,
    kind text not null check (kind in ('coach', 'client', 'guest')),
    client_id uuid,
    name text not null,
    speaking_seconds double precision not null default 0,
    words int not null default 0,
    turns int not null default 0,
    unique (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id),
    foreign key (organization_id, client_id) references clients (organization_id, id),
    check ((kind = 'client') = (client_id is not null))
);
create index participants_by_session on participants (organization_id, session_id);
create unique index participants_client_key on participants (organization_id, session_id, client_id) where client_id is not null;
select protect('participants');

-- Speaker label → participant, with what it rests on. A label without a participant waits for the coach.
create table attributions (
    organization_id uuid not null,
    session_id uuid not null,
    label text not null,
    participant_id uuid,
    -- From 0 to 1.
    confidence real not null,
    -- One sentence that a coach understands.
    reason text not null,
    decided_at timestamptz not null default now(),
    primary key (organization_id, session_id, label),
    foreign key (organization_id, session_id) references sessions (organization_id, id),
    foreign key (organization_id, participant_id) references participants (organization_id, id)
);
select protect('attributions');
