-- People sign in with passkeys: a key in a device or a password manager that checks by PIN, fingerprint or face who it is.

create table passkeys (
    id uuid primary key,
    organization_id uuid not null,
    person_id uuid not null,
    -- What the person calls it.
    name text not null check (char_length(name) between 1 and 60),
    -- What the device calls it. No two accounts have the same.
    credential_id bytea not null constraint passkeys_credential unique,
    -- The public key, the counter and the flags, as webauthn-rs writes them.
    credential jsonb not null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    unique (organization_id, id),
    foreign key (organization_id, person_id) references coaches (organization_id, id)
);
create index passkeys_by_person on passkeys (organization_id, person_id);
select protect('passkeys');

-- Whether a passkey was shown in this sign-in. It counts as both factors, where the organization wants two.
alter table sign_ins add column passkey_shown boolean not null default false;

-- What a device is to sign: for a few minutes, once, in the browser that asked. Whose it is isn't known before the answer, so
-- it's of no organization, and for the functions below alone. Losing it in a crash costs pressing a button again.
create unlogged table passkey_challenges (
    handle_sha256 bytea primary key,
    -- The sign-in, or the cookie of a browser in which nobody is signed in.
    browser_sha256 bytea not null,
    state jsonb not null,
    expires_at timestamptz not null
);
create index passkey_challenges_by_end on passkey_challenges (expires_at);

-- Each new one also takes away some that are over, so the table is never much larger than what is open.
create function keep_passkey_challenge(handle bytea, browser bytea, kept jsonb, seconds int) returns void
language sql security definer set search_path = public, pg_temp
as $$
    delete from passkey_challenges where handle_sha256 in (
        select handle_sha256 from passkey_challenges where expires_at < now() order by expires_at limit 20
        for update skip locked);
    insert into passkey_challenges values (handle, browser, kept, now() + make_interval(secs => seconds));
$$;

-- Whoever knows a handle gets what was kept under it, in the same browser, once.
create function take_passkey_challenge(handle bytea, browser bytea) returns jsonb
language sql security definer set search_path = public, pg_temp
as $$
    delete from passkey_challenges where handle_sha256 = handle and browser_sha256 = browser and expires_at > now()
    returning state
$$;

-- Who knows what a device calls a passkey learns the ids that belong to it, and nothing else.
create function passkey_by_credential(called bytea) returns table (organization_id uuid, passkey_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id, id from passkeys where credential_id = called $$;

revoke execute on function keep_passkey_challenge(bytea, bytea, jsonb, int), take_passkey_challenge(bytea, bytea),
    passkey_by_credential(bytea) from public;
grant execute on function keep_passkey_challenge(bytea, bytea, jsonb, int), take_passkey_challenge(bytea, bytea),
    passkey_by_credential(bytea) to debrief_app;
