-- Files that are uploaded in parts, so that a connection that breaks costs little (tus 1.0). The parts lie in the bucket, where
-- any process goes on with them; a finished upload is put into the inbox like every other file.

create table uploads (
    id uuid primary key,
    organization_id uuid not null references organizations (id),
    -- Whose inbox it goes into.
    coach_id uuid not null,
    -- Who uploads: a person, or a key of the organization.
    account_id uuid not null,
    file_name text not null check (length(file_name) between 1 and 200),
    session_date date,
    replaces boolean not null,
    size_bytes bigint not null check (size_bytes > 0),
    received_bytes bigint not null default 0 check (received_bytes between 0 and size_bytes),
    -- Once it's in the inbox: where, and what.
    object_key text,
    sha256 text,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    unique (organization_id, id),
    foreign key (organization_id, coach_id) references coaches (organization_id, id),
    check ((object_key is null) = (sha256 is null)),
    check (object_key is null or received_bytes = size_bytes)
);
create index uploads_by_account on uploads (organization_id, account_id);
create index uploads_by_end on uploads (organization_id, expires_at);
select protect('uploads');
select protect_for_coaches('uploads', 'coach_id = any ((select coaches_in_view())::uuid[])');

create table upload_parts (
    organization_id uuid not null,
    upload_id uuid not null,
    from_byte bigint not null check (from_byte >= 0),
    object_key text not null,
    primary key (organization_id, upload_id, from_byte),
    foreign key (organization_id, upload_id) references uploads (organization_id, id) on delete cascade
);
select protect('upload_parts');
select protect_for_coaches('upload_parts', 'exists (select from uploads seen where seen.id = upload_id)');
