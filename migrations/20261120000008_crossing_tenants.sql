-- The few places where the program must look across tenants. Each function runs as the owner, has a fixed
-- search_path, and gives away ids and organizations only; whoever calls it goes on in that tenant's transaction.

-- Whose inbox is this folder?
create function coach_by_handle(wanted text) returns table (organization_id uuid, coach_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id, id from coaches where handle = wanted $$;

-- Which link, and whose, has this token?
create function review_link_by_token(hash bytea) returns table (organization_id uuid, link_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id, id from review_links where token_sha256 = hash $$;

-- Which opened link, and whose, has this cookie?
create function review_visit_by_cookie(hash bytea) returns table (organization_id uuid, visit_id uuid, link_id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id, id, link_id from review_visits where cookie_sha256 = hash $$;

create function organization_ids() returns setof uuid
language sql stable security definer set search_path = public, pg_temp
as $$ select id from organizations order by id $$;

create function organization_by_handle(wanted text) returns uuid
language sql stable security definer set search_path = public, pg_temp
as $$ select id from organizations where handle = wanted $$;

-- For an operator who knows a session's id only.
create function organization_of_session(wanted uuid) returns uuid
language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id from sessions where id = wanted $$;

-- Postgres lets everybody execute a new function: here only the program's role may.
do $$ declare crossing text; begin
    foreach crossing in array array['coach_by_handle(text)', 'review_link_by_token(bytea)',
        'review_visit_by_cookie(bytea)', 'organization_ids()', 'organization_by_handle(text)',
        'organization_of_session(uuid)'] loop
        execute format('revoke execute on function %s from public', crossing);
        execute format('grant execute on function %s to debrief_app', crossing);
    end loop;
end $$;
