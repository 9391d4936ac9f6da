-- How a summary reaches people: the coach's review link, and the ledger of mails.

create table review_links (
    id uuid primary key,
    organization_id uuid not null,
    coach_id uuid not null,
    session_id uuid not null,
    -- Only the hash is kept: who reads the database cannot open a link.
    token_sha256 bytea not null constraint review_links_token_key unique,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    created_at timestamptz not null default now(),
    unique (organization_id, id),
    foreign key (organization_id, coach_id) references coaches (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id)
);
create index review_links_by_session on review_links (organization_id, session_id);
select protect('review_links');

-- A browser that opened a link. The cookie's hash is the key; expiry slides with use.
create table review_visits (
    id uuid primary key,
    organization_id uuid not null,
    link_id uuid not null,
    cookie_sha256 bytea not null constraint review_visits_cookie_key unique,
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    foreign key (organization_id, link_id) references review_links (organization_id, id)
);
select protect('review_visits');

-- What people did, for the audit. Rows are only ever added.
create table review_events (
    id uuid primary key,
    organization_id uuid not null,
    session_id uuid not null,
    link_id uuid,
    summary_id uuid,
    kind text not null check (kind in ('link_sent', 'viewed', 'opened', 'edited', 'approved', 'dismissed',
        'follow_up_cancelled', 'speakers_named', 'fresh_link_asked', 'revoked')),
    -- Facts such as the version and the hash that were signed; never transcript text.
    detail jsonb not null default '{}',
    address text,
    agent text,
    at timestamptz not null default now(),
    foreign key (organization_id, session_id) references sessions (organization_id, id),
    foreign key (organization_id, link_id) references review_links (organization_id, id),
    foreign key (organization_id, summary_id) references summaries (organization_id, id)
);
create index review_events_by_session on review_events (organization_id, session_id, at);
select protect('review_events');
revoke update, delete on review_events from debrief_app;

-- The ledger of mails: a row a recipient. `sending` is committed before the call and `sent` after it, so that a
-- mail whose fate is unknown is known as such.
create table mails (
    id uuid primary key,
    organization_id uuid not null,
    kind text not null check (kind in ('review_request', 'follow_up', 'session_rejected', 'speakers_needed',
        'weekly_rollup', 'session_failed')),
    -- The session, summary, transcript or rollup that it is about.
    subject_id uuid not null,
    recipient text not null,
    -- Counts what may rightly be sent again: the version of a summary, a fresh link.
    version int not null default 1,
    session_id uuid,
    coach_id uuid,
    client_id uuid,
    subject text not null,
    message_id text not null,
    -- The whole message as it goes out, frozen so that a retry sends the same bytes. Wiped once sent when it
    -- carries a review link; its hash stays.
    message bytea,
    message_sha256 text not null,
    carries_link boolean not null default false,
    state text not null default 'queued' check (state in ('queued', 'sending', 'sent', 'failed', 'uncertain', 'cancelled')),
    -- Not before this: the hold of a follow-up.
    due_at timestamptz not null default now(),
    -- The fence of the job that is sending it.
    fence bigint,
    error text,
    correlation_id uuid not null,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    unique (organization_id, id),
    constraint mails_once unique (organization_id, kind, subject_id, recipient, version),
    foreign key (organization_id, session_id) references sessions (organization_id, id),
    foreign key (organization_id, coach_id) references coaches (organization_id, id),
    foreign key (organization_id, client_id) references clients (organization_id, id),
    check (message is not null or (state = 'sent' and carries_link))
);
create index mails_by_session on mails (organization_id, session_id);
select protect('mails');
