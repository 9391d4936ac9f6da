-- A request that turned out to be one that isn't limited, such as a right password, doesn't count.
create function take_back_request(asked_by bytea) returns void
language sql security definer set search_path = public, pg_temp
as $$
    update request_counts set asked = asked - 1 where bucket = asked_by and asked > 0 and ends_at > now()
$$;

revoke execute on function take_back_request(bytea) from public;
grant execute on function take_back_request(bytea) to debrief_app;
