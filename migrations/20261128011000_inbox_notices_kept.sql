-- Whether a copy of a refused file is kept under rejected/: of a link, an empty file or one that is too large there is only the
-- reason, and the coach must not be told otherwise.
alter table inbox_notices add column kept boolean not null default false;
