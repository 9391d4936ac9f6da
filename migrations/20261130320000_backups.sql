-- What became of backups, and of the proofs that they can be restored. They are the installation's: no tenant's words or names
-- are in them, and no policy. `debrief doctor`, the metrics and retention read them; a restored installation begins without.
create table backup_records (
    id uuid primary key,
    kind text not null check (kind in ('run', 'proof')),
    -- The backup's id; null if it failed before there was one.
    backup text,
    started_at timestamptz not null,
    finished_at timestamptz not null default now(),
    ok boolean not null,
    -- What is wrong, or what should be known.
    detail text not null,
    rows bigint,
    -- Of the whole installation, and not of one organization.
    is_whole boolean not null
);
create index backup_records_last on backup_records (kind, finished_at);
grant select, insert, delete on backup_records to debrief_app;
