-- What a coach said of a speaker in one session. A name becomes an alias and holds for all of the coach's sessions; a
-- label that tools give to anybody ("Speaker 1") is somebody else in the next session, so the answer stays with this one.
alter table attributions add column by_coach boolean not null default false;
