-- What a summary can hold beyond its first sections: key quotes for the client; for the coach alone, risk, scores of
-- risk and priority, and the open threads of earlier sessions. And the templates that choose among them.

alter table claims drop constraint claims_section_check;
alter table claims add constraint claims_section_check check (section in
    ('wins', 'challenges', 'action_items', 'recommendations', 'key_quotes',
     'engagement', 'breakthrough', 'risk', 'priority', 'open_threads'));
-- What a client sees and the coach's private notes are two things: a private section has no other audience.
alter table claims drop constraint claims_check;
alter table claims add constraint claims_client_check check (audience = 'coach' or section in
    ('wins', 'challenges', 'action_items', 'recommendations', 'key_quotes'));
-- From 0 to 1, in hundredths. Priorities that were written before have their number in the sentence, and none here.
alter table claims add column score smallint check (score between 0 and 100);
alter table claims add constraint claims_scored_check check (score is null or section in ('risk', 'priority'));

-- What became of an action item of an earlier session, as a claim of a later one says.
create table threads (
    organization_id uuid not null,
    claim_id uuid not null,
    earlier_claim_id uuid not null,
    outcome text not null check (outcome in ('met', 'not_met', 'not_mentioned')),
    primary key (organization_id, claim_id),
    foreign key (organization_id, claim_id) references claims (organization_id, id),
    foreign key (organization_id, earlier_claim_id) references claims (organization_id, id)
);
create index threads_by_earlier_claim on threads (organization_id, earlier_claim_id);
select protect('threads');

-- Which sections a summary has, how long and in what tone: by organization, coach, type and title of the session. A
-- change is a new version; versions are never overwritten, and one that is retired is used no more.
create table summary_templates (
    id uuid primary key,
    organization_id uuid not null references organizations (id),
    name text not null check (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    version int not null check (version > 0),
    -- The file as it was saved; `when` in it says whom it is for.
    definition text not null,
    retired boolean not null default false,
    created_at timestamptz not null default now(),
    unique (organization_id, id),
    unique (organization_id, name, version)
);
select protect('summary_templates');

-- Which template a version was written by: its name and version, or `default`.
alter table summary_versions add column template text not null default 'default';
