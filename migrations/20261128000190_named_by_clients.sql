-- A session whose file's name says nothing ("GMT20261103-150000_Recording") is called by its clients once they are known.
-- Such a title follows a correction of who spoke; one that a file or folder gave never changes.

alter table sessions add column named_by_clients boolean not null default false;
