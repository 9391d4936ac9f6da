-- What a coach is told of files in the inbox, until it is told: files that were refused, and files that were there already.
-- What comes within a short while goes into one mail, so that a folder of a thousand wrong files is one mail as well.
create table inbox_notices (
    id uuid primary key,
    organization_id uuid not null,
    coach_id uuid not null,
    -- The session that it is about, where there is one.
    session_id uuid,
    -- What it is about (an object as it was, or a transcript): it is told once.
    about text not null,
    kind text not null check (kind in ('refused', 'duplicate')),
    object_key text not null,
    reason text not null,
    what_to_do text not null,
    created_at timestamptz not null default clock_timestamp(),
    told_at timestamptz,
    -- The mail that tells it; none where no mail could be written to the coach.
    mail_id uuid,
    unique (organization_id, about),
    foreign key (organization_id, coach_id) references coaches (organization_id, id),
    foreign key (organization_id, session_id) references sessions (organization_id, id) on delete cascade,
    foreign key (organization_id, mail_id) references mails (organization_id, id),
    check (mail_id is null or told_at is not null)
);
create index inbox_notices_to_tell on inbox_notices (organization_id, coach_id, id) where told_at is null;
select protect('inbox_notices');

-- The same content is one transcript for one coach, and not for the whole organization: a file that lay in the wrong coach's
-- folder becomes a session of the right one. That it is one for a coach, ingest sees to, under a lock on the content.
alter table transcripts drop constraint transcripts_sha256_key;
alter table transcripts add constraint transcripts_content_key unique (organization_id, session_id, sha256);
create index transcripts_by_content on transcripts (organization_id, sha256);
