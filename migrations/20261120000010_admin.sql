-- What the operator's page counts across tenants, beside the queue's own functions; and what /readyz looks at: the
-- schema's version, since the program may not read the migrations' own table, and the queue's lag.

-- Every state is there, with 0 where there is none, so that a gauge falls back to 0.
create function admin_sessions() returns table (state text, failed boolean, sessions bigint)
language sql stable security definer set search_path = public, pg_temp
as $$
    select states.state, marked.failed, count(sessions.id)
    from unnest(array['received', 'rejected', 'parsed', 'waiting_for_speakers', 'attributed', 'summarized', 'in_review',
                      'closed']) with ordinality as states (state, position)
    cross join (values (false), (true)) as marked (failed)
    left join sessions on sessions.state = states.state and (sessions.failed_stage is not null) = marked.failed
    group by states.position, 1, 2 order by states.position, 2
$$;

create function schema_version() returns bigint
language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    -- Absent where the migrations were applied by other means.
    if to_regclass('public._sqlx_migrations') is null then return 0; end if;
    return (select coalesce(max(version), 0) from _sqlx_migrations where success);
end $$;

-- How long the oldest due job has been waiting: above a minute, nobody works.
create function queue_lag_seconds() returns double precision
language sql stable security definer set search_path = public, pg_temp
as $$
    select coalesce(extract(epoch from now() - min(run_at)), 0)::double precision
    from jobs where state = 'due' and run_at <= now()
$$;

revoke execute on function admin_sessions(), schema_version(), queue_lag_seconds()
    from public;
grant execute on function admin_sessions(), schema_version(), queue_lag_seconds()
    to debrief_app;

-- More that people do in a review: they say what became of a follow-up whose fate is unknown, take a summary up again
-- that they had put aside, and close a session in which there is nothing to send.
alter table review_events drop constraint review_events_kind_check;
alter table review_events add constraint review_events_kind_check check (kind in ('link_sent', 'viewed', 'opened',
    'edited', 'approved', 'dismissed', 'follow_up_cancelled', 'follow_up_decided', 'speakers_named',
    'fresh_link_asked', 'revoked', 'reopened', 'closed'));
