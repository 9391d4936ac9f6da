-- A coach's voice profile: how this coach wants summaries to be worded. Rules hold for all of the coach's clients, so
-- they hold no words of any client; examples are the words of one client's summary, and are used for that client alone.
create table voice_rules (
    id uuid primary key,
    organization_id uuid not null,
    coach_id uuid not null,
    -- said: a sentence for a language model ("shorter"); replace: these words are written instead of those.
    kind text not null check (kind in ('said', 'replace')),
    rule text check (length(rule) between 1 and 200),
    from_words text check (length(from_words) between 1 and 60),
    to_words text check (length(to_words) between 1 and 60),
    source text not null check (source in ('coach', 'learned')),
    -- A learned rule is a suggestion, off until the coach switches it on. One that the coach removed stays here, so that
    -- it is not suggested again.
    active boolean not null,
    removed boolean not null default false,
    created_at timestamptz not null default now(),
    unique (organization_id, id),
    foreign key (organization_id, coach_id) references coaches (organization_id, id),
    check ((kind = 'said') = (rule is not null)),
    check ((kind = 'replace') = (from_words is not null)),
    check ((from_words is null) = (to_words is null)),
    check (not (active and removed))
);
create unique index voice_rules_once on voice_rules
    (organization_id, coach_id, lower(coalesce(rule, '')), lower(coalesce(from_words, '')), lower(coalesce(to_words, '')));
select protect('voice_rules');

-- A sentence as it was written, and as the coach changed and approved it.
create table voice_examples (
    id uuid primary key,
    organization_id uuid not null,
    coach_id uuid not null,
    client_id uuid not null,
    summary_id uuid not null,
    before_text text not null,
    after_text text not null,
    created_at timestamptz not null default now(),
    unique (organization_id, id),
    foreign key (organization_id, coach_id) references coaches (organization_id, id),
    foreign key (organization_id, client_id) references clients (organization_id, id) on delete cascade,
    foreign key (organization_id, summary_id) references summaries (organization_id, id) on delete cascade
);
create index voice_examples_by_client on voice_examples (organization_id, coach_id, client_id, created_at);
create index voice_examples_by_summary on voice_examples (organization_id, summary_id);
select protect('voice_examples');
