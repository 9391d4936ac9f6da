-- A person says when a session was, where its files did not: then nobody takes that back but a person.
alter table sessions drop constraint sessions_date_source_check;
alter table sessions add constraint sessions_date_source_check
    check (date_source in ('path', 'file_name', 'content', 'object_time', 'person'));

-- At which time of the coach's day it began, where a person said so.
alter table sessions add column begins_at time;

alter table review_events drop constraint review_events_kind_check;
alter table review_events add constraint review_events_kind_check check (kind in ('link_sent', 'viewed', 'opened',
    'edited', 'approved', 'dismissed', 'follow_up_cancelled', 'follow_up_decided', 'speakers_named',
    'fresh_link_asked', 'revoked', 'reopened', 'closed', 'speakers_corrected', 'withdrawn', 'refining_asked', 'refined', 'undone', 'voice_changed',
    'date_set'));
