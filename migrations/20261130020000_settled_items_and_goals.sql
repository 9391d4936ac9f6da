-- People settle action items, and clients have goals.
--
-- A version of a summary gives its claims new ids, so a claim has a second one that lasts: it is the same in each version in
-- which the claim stays, whether in the same words, edited or refined. What people say of an action item is kept by it.

alter table claims add column lasting_id uuid;
update claims set lasting_id = id where version = 1;
-- Later versions, as new ones are from now on (jobs/model/lineage.rs): the same words, else words based on the same utterance
-- where no other claim of the version has the earlier ones.
do $$
declare
    one record;
    line uuid;
begin
    for one in select * from claims where version > 1 order by organization_id, summary_id, version, position loop
        line := null;
        select earlier.lasting_id into line
        from claims earlier
        where earlier.organization_id = one.organization_id and earlier.summary_id = one.summary_id
          and earlier.version < one.version and earlier.section = one.section
          and (earlier.text = one.text
               or not exists (select from claims same
                              where same.organization_id = one.organization_id and same.summary_id = one.summary_id
                                and same.version = one.version and same.section = one.section and same.text = earlier.text)
                  and exists (select from evidence mine join evidence theirs using (organization_id, utterance_id)
                              where mine.organization_id = one.organization_id and mine.claim_id = one.id
                                and theirs.claim_id = earlier.id))
          and not exists (select from claims taken
                          where taken.organization_id = one.organization_id and taken.summary_id = one.summary_id
                            and taken.version = one.version and taken.lasting_id = earlier.lasting_id)
        order by earlier.text = one.text desc, earlier.version desc, earlier.position
        limit 1;
        update claims set lasting_id = coalesce(line, one.id) where id = one.id;
    end loop;
end $$;
alter table claims alter column lasting_id set not null;
alter table claims add constraint claims_lasting_id_key unique (organization_id, lasting_id, version);

-- What a person said last of an action item. One without a row is open, unless a later session reports it done.
create table action_item_states (
    organization_id uuid not null,
    -- claims.lasting_id
    lasting_id uuid not null,
    summary_id uuid not null,
    state text not null check (state in ('open', 'done', 'dropped')),
    -- Since which day it is so.
    since date not null,
    note text check (length(note) between 1 and 1000),
    -- Null for the command line and for keys of the organization.
    told_by uuid,
    told_at timestamptz not null default now(),
    primary key (organization_id, lasting_id),
    foreign key (organization_id, summary_id) references summaries (organization_id, id),
    foreign key (organization_id, told_by) references coaches (organization_id, id)
);
create index action_item_states_by_summary on action_item_states (organization_id, summary_id);
select protect('action_item_states');
select protect_for_coaches('action_item_states', 'exists (select from summaries seen where seen.id = summary_id)');

-- How an action item stands now: as a person said last, unless they opened it again and a session since reports it done. Runs
-- with the caller's rights, so it sees what the caller sees.
create function action_item_now(item uuid)
returns table (state text, since date, note text, told_by uuid, told_at timestamptz, reported_done boolean)
language sql stable as $$
    select case when reported.is_newer then 'done' else coalesce(told.state, 'open') end,
           case when reported.is_newer then reported.day else told.since end,
           case when not reported.is_newer then told.note end,
           case when not reported.is_newer then told.told_by end,
           case when not reported.is_newer then told.told_at end,
           reported.day is not null
    from (select item) asked
    left join action_item_states told on told.lasting_id = asked.item
    cross join lateral (
        select day, coalesce(day is not null and (told.state is null or told.state = 'open' and day > told.since), false)
        from (select max(session_date)
              from claims earlier
              join threads on threads.earlier_claim_id = earlier.id
              join claims said on said.id = threads.claim_id
              join summaries later on later.id = said.summary_id and later.state in ('done', 'approved')
                and said.version = coalesce(later.approved_version, later.version)
              join sessions on sessions.id = later.session_id
              where earlier.lasting_id = asked.item and threads.outcome = 'met') last (day)) reported (day, is_newer)
$$;

create table goals (
    id uuid primary key,
    organization_id uuid not null,
    coach_id uuid not null,
    client_id uuid not null,
    text text not null check (length(text) between 1 and 1000),
    due_date date,
    state text not null default 'open' check (state in ('open', 'achieved', 'dropped')),
    -- Since which day it is so: for an open one, the day it was set or opened again.
    since date not null,
    note text check (length(note) between 1 and 1000),
    told_by uuid,
    told_at timestamptz not null default now(),
    -- Where it comes from, if it was taken from a summary: the summary and the claim's lasting id.
    summary_id uuid,
    lasting_id uuid,
    created_by uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (organization_id, id),
    foreign key (organization_id, coach_id) references coaches (organization_id, id),
    foreign key (organization_id, client_id) references clients (organization_id, id),
    foreign key (organization_id, summary_id) references summaries (organization_id, id),
    foreign key (organization_id, told_by) references coaches (organization_id, id),
    foreign key (organization_id, created_by) references coaches (organization_id, id),
    check (lasting_id is null or summary_id is not null)
);
create index goals_by_client on goals (organization_id, client_id);
create index goals_by_summary on goals (organization_id, summary_id);
select protect('goals');
select protect_for_coaches('goals', 'coach_id = any ((select coaches_in_view())::uuid[])');
