-- People sign in with their organization's own identity provider (OpenID Connect). Which one that is stands in the settings.

-- Accounts at providers, and whose they are. An account is known by what a provider never gives to anybody else: its subject.
create table provider_accounts (
    organization_id uuid not null,
    issuer text not null,
    subject text not null,
    person_id uuid not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, issuer, subject),
    -- Addresses are given to others: a second account with the same one isn't taken for the same person.
    constraint provider_accounts_one_a_person unique (organization_id, issuer, person_id),
    foreign key (organization_id, person_id) references coaches (organization_id, id)
);
select protect('provider_accounts');

-- Ways through a provider that were begun: each is of one browser, works once, and is over after ten minutes. What goes to the
-- provider beside the state (nonce, code verifier) is derived from the browser's cookie, and is nowhere here.
create table provider_requests (
    organization_id uuid not null references organizations (id),
    state_sha256 bytea not null,
    issuer text not null,
    -- A hash of the cookie of the forms in the browser that began.
    browser_sha256 bytea not null,
    -- Whether somebody shows anew who they are: the provider has to ask them, however lately it did.
    anew boolean not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (organization_id, state_sha256)
);
create index provider_requests_by_end on provider_requests (organization_id, expires_at);
select protect('provider_requests');

-- How somebody signed in, for their own list; unknown of those from before.
alter table sign_ins add column method text;
-- The operator says that the provider asked for a second factor, so no other is asked for here.
alter table sign_ins add column factor_by_provider boolean not null default false;

-- A link that an operator gives lets somebody in although the provider is the only way otherwise.
alter table one_time_links drop constraint one_time_links_purpose_check,
    add constraint one_time_links_purpose_check
        check (purpose in ('sign_in', 'invitation', 'by_operator', 'old_address', 'new_address'));
do $$ declare of_change text; begin
    -- The constraint that ties a change of an address to its two purposes has a name of Postgres' own.
    select conname into strict of_change from pg_constraint
    where conrelid = 'one_time_links'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%address_change_id IS NULL%';
    execute format('alter table one_time_links drop constraint %I', of_change);
end $$;
alter table one_time_links add constraint one_time_links_of_a_change
    check ((address_change_id is null) = (purpose in ('sign_in', 'invitation', 'by_operator')));
