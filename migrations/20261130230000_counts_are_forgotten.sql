-- Whoever's second factor an operator resets starts anew, whatever they have typed before.
create function forget_requests(asked_by bytea) returns void
language sql security definer set search_path = public, pg_temp
as $$
    delete from request_counts where bucket = asked_by
$$;

revoke execute on function forget_requests(bytea) from public;
grant execute on function forget_requests(bytea) to debrief_app;
