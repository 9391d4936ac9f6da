-- The files of one meeting are one session: its transcripts (in several formats, or one a speaker), its chat and its
-- list of participants. What they say of who was there is kept as evidence for attribution.

alter table transcripts
    -- What the file is: words spoken, words written in the meeting, or who was there.
    add column role text not null default 'speech' check (role in ('speech', 'chat', 'participants')),
    -- The folder of the key, and the name without what tools add to it: files of one meeting share them.
    add column folder text generated always as (regexp_replace(object_key, '/[^/]*$', '')) stored,
    add column stem text,
    -- Why a good file's words are not in the session: they are there from another file.
    add column unused_reason text;
create index transcripts_by_folder on transcripts (organization_id, folder, stem);

-- Who was in a meeting, as its files say: evidence for attribution, and who was present without a word.
create table session_attendees (
    id uuid primary key,
    organization_id uuid not null,
    session_id uuid not null,
    -- The file that says it.
    transcript_id uuid not null,
    -- As written, and the other names that the file gives (`Name (Original Name)`).
    name text,
    other_names text[] not null default '{}',
    email text,
    -- The speaker label that the tool itself ties to this person.
    label text,
    -- The file says that the person was there; an invitation does not.
    was_there boolean not null,
    seconds bigint,
    -- What kind of file it is, in a coach's words.
    source text not null,
    check (num_nonnulls(name, email) > 0),
    foreign key (organization_id, session_id) references sessions (organization_id, id) on delete cascade,
    foreign key (organization_id, transcript_id) references transcripts (organization_id, id) on delete cascade
);
create index session_attendees_by_session on session_attendees (organization_id, session_id);
select protect('session_attendees');

-- What was written in a meeting. It is no speech: it supports no claim and is in no summary.
create table chat_messages (
    organization_id uuid not null,
    session_id uuid not null,
    transcript_id uuid not null,
    -- From 0, in the order of the file.
    position int not null,
    author text not null,
    -- To whom, where it was not everybody.
    recipient text,
    -- The time as the file has it (a clock's, or since the start of the recording), in milliseconds.
    at_ms bigint,
    text text not null,
    primary key (organization_id, transcript_id, position),
    foreign key (organization_id, session_id) references sessions (organization_id, id) on delete cascade,
    foreign key (organization_id, transcript_id) references transcripts (organization_id, id) on delete cascade
);
create index chat_messages_by_session on chat_messages (organization_id, session_id);
select protect('chat_messages');

-- A chat or a list of participants waits for its transcript.
alter table bucket_objects drop constraint bucket_objects_outcome_check;
alter table bucket_objects add constraint bucket_objects_outcome_check
    check (outcome in ('seen', 'waiting', 'taken', 'rejected', 'duplicate', 'applied'));
