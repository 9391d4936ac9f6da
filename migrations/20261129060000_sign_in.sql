-- People sign in: by a mailed link that works once, by a password, with a second factor where they or the organization want it.
--
-- A person is a row of `coaches`. Whatever a browser or a mailbox holds is stored as its SHA-256 only.

-- Whether everybody needs a second factor. Who has none can do nothing but set one up.
alter table organizations add column require_second_factor boolean not null default false;

-- What signs a person in beside a mailed link. A row is made with the first of it.
create table credentials (
    organization_id uuid not null,
    person_id uuid not null,
    -- Argon2id, as a PHC string.
    password_hash text,
    password_set_at timestamptz,
    -- The secret of the authenticator app, sealed where the settings have a key; see jobs/sign_in/vault.rs.
    totp_secret bytea,
    totp_since timestamptz,
    -- The last time step whose code was accepted: each code works once.
    totp_last_step bigint,
    -- A secret that is shown for a while, and counts when its first code was typed.
    totp_pending bytea,
    totp_pending_at timestamptz,
    -- The browser that it is shown in.
    totp_pending_sign_in uuid,
    primary key (organization_id, person_id),
    foreign key (organization_id, person_id) references coaches (organization_id, id)
);
select protect('credentials');

create table recovery_codes (
    organization_id uuid not null,
    person_id uuid not null,
    code_sha256 bytea not null,
    used_at timestamptz,
    primary key (organization_id, person_id, code_sha256),
    foreign key (organization_id, person_id) references coaches (organization_id, id)
);
select protect('recovery_codes');

-- A browser in which somebody signed in.
create table sign_ins (
    id uuid primary key,
    organization_id uuid not null,
    person_id uuid not null,
    cookie_sha256 bytea not null constraint sign_ins_cookie unique,
    -- Whether the code of the second factor is still to be typed.
    code_due boolean not null,
    -- When the person last showed who they are.
    proved_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    -- It ends when it isn't used for so long, and at this time whatever happens.
    idle_seconds int not null check (idle_seconds > 0),
    ends_at timestamptz not null,
    ended_at timestamptz,
    agent text,
    unique (organization_id, id),
    foreign key (organization_id, person_id) references coaches (organization_id, id)
);
create index sign_ins_by_person on sign_ins (organization_id, person_id);
select protect('sign_ins');

-- A new address counts when both mailboxes said so.
create table address_changes (
    id uuid primary key,
    organization_id uuid not null,
    person_id uuid not null,
    new_email text not null,
    -- The browser it was asked in stays signed in.
    sign_in_id uuid,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    old_confirmed_at timestamptz,
    new_confirmed_at timestamptz,
    stopped_at timestamptz,
    done_at timestamptz,
    unique (organization_id, id),
    foreign key (organization_id, person_id) references coaches (organization_id, id)
);
create index address_changes_by_person on address_changes (organization_id, person_id);
select protect('address_changes');

-- What a mail leads to. Each works once.
create table one_time_links (
    id uuid primary key,
    organization_id uuid not null,
    person_id uuid not null,
    purpose text not null check (purpose in ('sign_in', 'invitation', 'old_address', 'new_address')),
    address_change_id uuid,
    token_sha256 bytea not null constraint one_time_links_token unique,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    withdrawn_at timestamptz,
    unique (organization_id, id),
    foreign key (organization_id, person_id) references coaches (organization_id, id),
    foreign key (organization_id, address_change_id) references address_changes (organization_id, id) on delete cascade,
    check ((address_change_id is null) = (purpose in ('sign_in', 'invitation')))
);
create index one_time_links_by_person on one_time_links (organization_id, person_id);
select protect('one_time_links');

-- Who knows a secret or an address learns the ids that belong to it, and nothing else.
create function sign_in_by_hash(hash bytea) returns table (organization_id uuid, sign_in_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id, id from sign_ins where cookie_sha256 = hash $$;

create function one_time_link_by_hash(hash bytea) returns table (organization_id uuid, link_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id, id from one_time_links where token_sha256 = hash $$;

create index coaches_by_email on coaches (lower(email));
create function people_by_address(address text) returns table (organization_id uuid, person_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$
    select organization_id, id from coaches where lower(email) = address and removed_at is null
    order by created_at, id limit 10
$$;

-- The same for the hash of an address: a job's arguments hold no address.
create function people_by_address_hash(hash bytea) returns table (organization_id uuid, person_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$
    select organization_id, id from coaches
    where sha256(convert_to(lower(email), 'UTF8')) = hash and removed_at is null
    order by created_at, id limit 10
$$;

-- What ended a month ago is forgotten. The audit keeps that it was.
create function forget_sign_ins() returns bigint
language sql security definer set search_path = public, pg_temp
as $$
    with browsers as (
        delete from sign_ins where least(ends_at, last_used_at + make_interval(secs => idle_seconds), ended_at)
            < now() - interval '30 days' returning 1
    ), links as (
        delete from one_time_links where expires_at < now() - interval '30 days' returning 1
    ), changes as (
        delete from address_changes where expires_at < now() - interval '60 days' returning 1
    )
    select (select count(*) from browsers) + (select count(*) from links) + (select count(*) from changes)
$$;

revoke execute on function sign_in_by_hash(bytea), one_time_link_by_hash(bytea), people_by_address(text),
    people_by_address_hash(bytea), forget_sign_ins() from public;
grant execute on function sign_in_by_hash(bytea), one_time_link_by_hash(bytea), people_by_address(text),
    people_by_address_hash(bytea), forget_sign_ins() to debrief_app;

-- Mails about an account hold nothing of a client, so they are under the organization's policy alone: an admin who sees no
-- coach's sessions invites people all the same.
do $$ declare kinds text; begin
    select pg_get_expr(conbin, conrelid) into strict kinds
    from pg_constraint where conrelid = 'mails'::regclass and conname = 'mails_kind_check';
    execute 'alter table mails drop constraint mails_kind_check';
    execute format('alter table mails add constraint mails_kind_check check ((%s) or kind in (%L, %L, %L, %L))', kinds,
                   'sign_in_link', 'invitation', 'confirm_address', 'account_changed');
end $$;
drop policy coach on mails;
select protect_for_coaches('mails', 'case when kind in (''sign_in_link'', ''invitation'', ''confirm_address'', ''account_changed'')
    then true when session_id is null then coach_id = any ((select coaches_in_view())::uuid[])
    else exists (select from sessions seen where seen.id = session_id) end');
