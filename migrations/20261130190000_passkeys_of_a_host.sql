-- A passkey signs for one host alone, so after a move of the pages to another one browsers ask for it no more.

-- The host that it was made for; null for one from before this was kept, which counts as today's until it has been used.
alter table passkeys add column host text;

-- Who knows what a device calls a passkey learns the ids that belong to it, and nothing else.
drop function passkey_by_credential(bytea);
create function passkey_by_credential(called bytea) returns table (organization_id uuid, person_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id, person_id from passkeys where credential_id = called $$;

-- How many passkeys of the installation are of another host than today's, or all where browsers have none today: a number, and
-- nobody's.
create function passkeys_of_another_host(today text) returns bigint
language sql stable security definer set search_path = public, pg_temp
as $$ select count(*) from passkeys where today is null or host <> today $$;

revoke execute on function passkey_by_credential(bytea), passkeys_of_another_host(text) from public;
grant execute on function passkey_by_credential(bytea), passkeys_of_another_host(text) to debrief_app;
