-- A newer version of a file replaces the words of its session also after the session was summarised, as long as its coach has
-- neither edited nor approved anything. The summaries are then written again. What earlier versions cite stays, so that they
-- can still be read; it is no longer part of what was said.

alter table sessions add column words_replaced_at timestamptz;

alter table utterances add column replaced_at timestamptz;
alter table utterances drop constraint utterances_organization_id_transcript_id_position_key;
create unique index utterances_position_key on utterances (organization_id, transcript_id, position)
    where replaced_at is null;
create index evidence_by_utterance on evidence (organization_id, utterance_id);

-- A transcript that came when nothing could be changed any more: it is kept, its words are not used, and its coach is told.
alter table transcripts add column came_late boolean not null default false;
alter table inbox_notices drop constraint inbox_notices_kind_check;
alter table inbox_notices add constraint inbox_notices_kind_check check (kind in ('refused', 'duplicate', 'late'));
