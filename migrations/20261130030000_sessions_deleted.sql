-- A session is deleted for good, with all that was said in it (jobs/erase). What stays is what happened: the audit and the
-- ledger of emails, with ids and without words.

-- The audit keeps ids of what is gone.
alter table audit_events
    drop constraint review_events_organization_id_session_id_fkey,
    drop constraint review_events_organization_id_link_id_fkey,
    drop constraint review_events_organization_id_summary_id_fkey;

-- An email about a deleted session: kind, state, times and address stay, the words are gone.
alter table mails add column erased_at timestamptz;
alter table mails drop constraint mails_check;
alter table mails add constraint mails_check
    check (message is not null or (state = 'sent' and carries_link) or (erased_at is not null and session_id is null));

-- What a deleted session had in the bucket, until a job has removed it.
create table objects_to_remove (
    organization_id uuid not null,
    coach_id uuid not null,
    -- No reference: the session is gone.
    session_id uuid not null,
    object_key text not null,
    -- From here on the object may be gone, so nobody may begin to rely on it.
    begun_at timestamptz,
    removed_at timestamptz check (removed_at is null or begun_at is not null),
    primary key (organization_id, session_id, object_key),
    foreign key (organization_id, coach_id) references coaches (organization_id, id)
);
create index objects_to_remove_by_key on objects_to_remove (organization_id, object_key);
select protect('objects_to_remove');
-- A key may hold a client's name.
select protect_for_coaches('objects_to_remove', 'coach_id = any ((select coaches_in_view())::uuid[])');

-- A row is deleted only after it was looked whether something refers to it: without these, by reading whole tables.
create index attributions_by_participant on attributions (organization_id, participant_id);
create index inbox_notices_by_session on inbox_notices (organization_id, session_id);
create index misdeliveries_by_summary on misdeliveries (organization_id, summary_id);
create index refinements_by_version on refinements (organization_id, summary_id, base_version);
create index review_visits_by_link on review_visits (organization_id, link_id);
create index utterances_by_transcript on utterances (organization_id, transcript_id);
create index session_attendees_by_transcript on session_attendees (organization_id, transcript_id);
