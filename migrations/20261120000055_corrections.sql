-- A coach may say at any time that a speaker was somebody else. What was attributed by that name is attributed anew, in
-- this session at once and in earlier ones by a job; what was written of the wrong words is written anew or withdrawn;
-- and where a follow-up with such words has gone out, the coach is warned.

-- Several people under one label: a room, a shared device. Its words enter nobody's summary.
alter table attributions add column is_shared boolean not null default false,
    add check (not (is_shared and participant_id is not null));
alter table aliases add column is_shared boolean not null default false;
alter table aliases drop constraint aliases_check;
alter table aliases add constraint aliases_check
    check (num_nonnulls(client_id) + is_coach::int + is_guest::int + is_shared::int = 1);

-- Of a shared label, the coach may say turn by turn who spoke: such a turn has a voice of its own, and `speaker` is what
-- attributions are kept by. Words without a label have the empty one.
alter table utterances add column voice text,
    add column speaker text generated always as (coalesce(voice, label, '')) stored;

-- What a coach corrected: the name, what it meant before, and whether every session knows of it by now. Until then no
-- follow-up of the coach goes out: it could hold the words that were just taken from somebody.
create table corrections (
    id uuid primary key,
    organization_id uuid not null,
    coach_id uuid not null,
    -- The session in which it was said.
    session_id uuid not null,
    -- The alias, in its normalised form (see jobs/attribute).
    normalized text not null,
    -- What it meant before; none of them where it meant nothing.
    was_written text,
    was_client_id uuid,
    was_coach boolean not null default false,
    was_guest boolean not null default false,
    was_shared boolean not null default false,
    was_by_correction boolean not null default false,
    made_at timestamptz not null default now(),
    applied_at timestamptz,
    -- How many earlier sessions were attributed anew.
    sessions_changed int not null default 0,
    unique (organization_id, id),
    foreign key (organization_id, coach_id) references coaches (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id),
    foreign key (organization_id, was_client_id) references clients (organization_id, id) on delete cascade
);
create index corrections_by_session on corrections (organization_id, session_id);
create index corrections_open on corrections (organization_id, coach_id) where applied_at is null;
select protect('corrections');

-- A follow-up that had gone, or was going, when it turned out that some of its words were not its client's.
create table misdeliveries (
    id uuid primary key,
    organization_id uuid not null,
    session_id uuid not null,
    summary_id uuid not null,
    mail_id uuid not null,
    -- Those claims of the version that was sent.
    claim_ids uuid[] not null,
    found_at timestamptz not null default now(),
    unique (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id),
    foreign key (organization_id, summary_id) references summaries (organization_id, id),
    foreign key (organization_id, mail_id) references mails (organization_id, id)
);
create index misdeliveries_by_session on misdeliveries (organization_id, session_id);
select protect('misdeliveries');

-- Why a summary waits again, or is withdrawn: a sentence for the coach. A withdrawn one is dismissed and stays so, since
-- its client did not speak after all.
alter table summaries add column rewrite_reason text,
    add column withdrawn_reason text,
    add check (withdrawn_reason is null or state = 'dismissed');

alter table mails drop constraint mails_kind_check;
alter table mails add constraint mails_kind_check check (kind in ('review_request', 'follow_up', 'session_rejected',
    'speakers_needed', 'weekly_rollup', 'session_failed', 'wrong_words'));

alter table review_events drop constraint review_events_kind_check;
alter table review_events add constraint review_events_kind_check check (kind in ('link_sent', 'viewed', 'opened',
    'edited', 'approved', 'dismissed', 'follow_up_cancelled', 'follow_up_decided', 'speakers_named',
    'fresh_link_asked', 'revoked', 'reopened', 'closed', 'speakers_corrected', 'withdrawn'));
