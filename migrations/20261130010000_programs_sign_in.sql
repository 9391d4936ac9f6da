-- Programs sign in with a person's password: an access token for a quarter of an hour, and refresh tokens that work once.

alter table sign_ins alter column cookie_sha256 drop not null;
-- Of a program: it has refresh tokens instead of a cookie.
alter table sign_ins add column is_program boolean not null default false,
    add constraint sign_ins_by_cookie_or_token check (is_program = (cookie_sha256 is null));

create table refresh_tokens (
    organization_id uuid not null,
    sign_in_id uuid not null,
    token_sha256 bytea not null constraint refresh_tokens_token unique,
    created_at timestamptz not null default now(),
    -- One that comes again after this was copied.
    used_at timestamptz,
    primary key (organization_id, sign_in_id, token_sha256),
    foreign key (organization_id, sign_in_id) references sign_ins (organization_id, id) on delete cascade
);
select protect('refresh_tokens');

-- Who knows a token learns the ids that belong to it, and nothing else.
create function refresh_token_by_hash(hash bytea) returns table (organization_id uuid, sign_in_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id, sign_in_id from refresh_tokens where token_sha256 = hash $$;

revoke execute on function refresh_token_by_hash(bytea) from public;
grant execute on function refresh_token_by_hash(bytea) to debrief_app;
