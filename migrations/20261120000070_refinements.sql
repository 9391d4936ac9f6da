-- What a coach asks to be changed about a summary ("shorter", "in German"), and what became of it. The words of the
-- instruction are here and not in the job, whose arguments are ids.
create table refinements (
    id uuid primary key,
    organization_id uuid not null,
    summary_id uuid not null,
    -- The version that was shown. A refinement makes the next version of this one or none: where the summary has moved
    -- on meanwhile, nothing is overwritten.
    base_version int not null,
    instruction text not null check (length(instruction) between 1 and 500),
    -- queued → done (a version was made), unchanged (nothing had to change, or the summary changed meanwhile), failed.
    state text not null default 'queued' check (state in ('queued', 'done', 'unchanged', 'failed')),
    -- The version that it made.
    version int,
    -- What came of it beyond the version, in words for the coach.
    reason text,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    unique (organization_id, id),
    foreign key (organization_id, summary_id, base_version) references summary_versions (organization_id, summary_id, version)
        on delete cascade,
    check ((state = 'done') = (version is not null)),
    check ((state = 'queued') = (finished_at is null))
);
-- One at a time: two at once would be of the same version, and one of them in vain.
create unique index refinements_queued on refinements (organization_id, summary_id) where state = 'queued';
create index refinements_by_summary on refinements (organization_id, summary_id, created_at);
select protect('refinements');

alter table summary_versions drop constraint summary_versions_author_check;
alter table summary_versions add constraint summary_versions_author_check
    check (author in ('summarizer', 'coach', 'refiner'));

alter table review_events drop constraint review_events_kind_check;
alter table review_events add constraint review_events_kind_check check (kind in ('link_sent', 'viewed', 'opened',
    'edited', 'approved', 'dismissed', 'follow_up_cancelled', 'follow_up_decided', 'speakers_named',
    'fresh_link_asked', 'revoked', 'reopened', 'closed', 'speakers_corrected', 'withdrawn', 'refining_asked', 'refined', 'undone', 'voice_changed'));

-- For an operator who knows a summary's id only.
create function organization_of_summary(wanted uuid) returns uuid
language sql stable security definer set search_path = public, pg_temp
as $$ select organization_id from summaries where id = wanted $$;
revoke execute on function organization_of_summary(uuid) from public;
grant execute on function organization_of_summary(uuid) to debrief_app;
