-- What goes to organizations: rollups and exports.

create table rollups (
    id uuid primary key,
    organization_id uuid not null,
    coach_id uuid not null,
    kind text not null check (kind in ('weekly')),
    -- The period in the coach's time zone: from its first day to its last.
    first_day date not null,
    last_day date not null,
    -- The figures, as computed (see jobs/rollup).
    figures jsonb not null,
    created_at timestamptz not null default now(),
    unique (organization_id, id),
    constraint rollups_once unique (organization_id, coach_id, kind, first_day),
    foreign key (organization_id, coach_id) references coaches (organization_id, id)
);
select protect('rollups');

create table exports (
    id uuid primary key,
    organization_id uuid not null references organizations (id),
    -- Of the snapshot that every file of the export shows.
    snapshot_at timestamptz,
    manifest_key text,
    -- Tables, files, rows, bytes and hashes, as in the manifest.
    manifest jsonb,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    unique (organization_id, id)
);
select protect('exports');
