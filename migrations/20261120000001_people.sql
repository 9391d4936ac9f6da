-- Who uses Debrief: organizations, their coaches, the coaches' clients, and the names by which a person is known.
--
-- Tenants are kept apart by row-level security from this first migration on. The program connects as the role
-- debrief_app, which owns nothing and cannot bypass a policy; debrief_owner owns every table and runs every
-- migration (both are made outside the migrations, because roles belong to the cluster and not to a database).
-- A transaction names its tenant with set_config('app.organization_id', …, true); without it no row is seen.
-- Foreign keys do not see policies, so every reference between tenant tables carries the organization too.

create function current_organization() returns uuid language sql stable
    as $$ select nullif(current_setting('app.organization_id', true), '')::uuid $$;

-- Puts a tenant table under its policy and gives the program its rights. Called once for each tenant table.
create function protect(tenant_table regclass, organization_column text default 'organization_id') returns void
language plpgsql as $$
begin
    execute format('alter table %s enable row level security', tenant_table);
    -- The sub-select makes the planner read the setting once a statement, not once a row.
    execute format('create policy tenant on %s using (%I = (select current_organization()))', tenant_table, organization_column);
    execute format('grant select, insert, update, delete on %s to debrief_app', tenant_table);
end $$;

create table organizations (
    id uuid primary key,
    handle text not null unique,
    name text not null,
    time_zone text not null default 'UTC',
    created_at timestamptz not null default now()
);
select protect('organizations', 'id');

create table coaches (
    id uuid primary key,
    organization_id uuid not null references organizations (id),
    -- The folder of the coach's inbox, so it is unique in the installation and finds the organization.
    handle text not null constraint coaches_handle_key unique check (handle ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    name text not null,
    email text not null,
    role text not null default 'coach' check (role in ('coach', 'lead', 'admin')),
    time_zone text not null default 'UTC',
    created_at timestamptz not null default now(),
    unique (organization_id, id)
);
select protect('coaches');

create table clients (
    id uuid primary key,
    organization_id uuid not null,
    coach_id uuid not null,
    name text not null,
    email text,
    tags text[] not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (organization_id, id),
    foreign key (organization_id, coach_id) references coaches (organization_id, id)
);
-- A roster is matched by email, within one coach.
create unique index clients_email_key on clients (organization_id, coach_id, lower(email)) where email is not null;
select protect('clients');

-- A name by which a person is known in one coach's sessions, in its normalised form (see jobs/attribute).
create table aliases (
    organization_id uuid not null,
    coach_id uuid not null,
    normalized text not null,
    written text not null,
    client_id uuid,
    -- True when the alias means the coach.
    is_coach boolean not null default false,
    -- True when the coach said that this speaker is neither coach nor client.
    is_guest boolean not null default false,
    source text not null check (source in ('roster', 'correction')),
    created_at timestamptz not null default now(),
    primary key (organization_id, coach_id, normalized),
    foreign key (organization_id, coach_id) references coaches (organization_id, id),
    foreign key (organization_id, client_id) references clients (organization_id, id) on delete cascade,
    check (num_nonnulls(client_id) + is_coach::int + is_guest::int = 1)
);
select protect('aliases');
