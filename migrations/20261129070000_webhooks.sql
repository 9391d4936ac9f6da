-- Webhooks: other software that is told what happens in an organization, and the deliveries to it. They are the
-- organization's own and hold nothing of a coach's: ids and states, no name and no word that was said.

create table webhooks (
    id uuid primary key,
    organization_id uuid not null references organizations (id),
    -- May hold a token of the receiver's: it's shown to the organization's own people and is in no log and no email.
    url text not null check (length(url) between 1 and 2000),
    description text not null default '' check (length(description) <= 200),
    -- Null: every type of event, also those that later versions add.
    events text[] check (cardinality(events) between 1 and 100),
    -- Readable, unlike all other secrets here: a signature is made with the secret itself, so its hash is of no use. Whoever
    -- reads it can sign in Debrief's name towards this one receiver, and nothing else. It's in no export and no log.
    secret text not null,
    -- Signs beside the new one until then, so that a receiver can change over.
    previous_secret text,
    previous_until timestamptz,
    state text not null default 'active' check (state in ('active', 'paused')),
    paused_reason text check (paused_reason in ('by_hand', 'gone', 'failing')),
    paused_at timestamptz,
    -- The first failed attempt since something was last delivered.
    failing_since timestamptz,
    -- Deliveries given up since something was last delivered.
    failed_in_a_row int not null default 0,
    -- How often it was paused without a person: the admins get one email about each.
    pauses int not null default 0,
    created_by uuid,
    created_at timestamptz not null default now(),
    unique (organization_id, id),
    foreign key (organization_id, created_by) references coaches (organization_id, id),
    check ((state = 'paused') = (paused_at is not null)),
    check ((state = 'paused') = (paused_reason is not null)),
    check ((previous_secret is null) = (previous_until is null))
);
select protect('webhooks');

-- One event on its way to one webhook.
create table webhook_deliveries (
    id uuid primary key,
    organization_id uuid not null,
    webhook_id uuid not null,
    -- The same to every webhook and on every attempt: receivers recognize a repeat by it.
    event_id uuid not null,
    type text not null,
    -- Frozen, so that every attempt sends the same bytes.
    body text not null,
    state text not null default 'due' check (state in ('due', 'delivered', 'failed')),
    -- Attempts since it was last due anew: how far the backoff has come.
    tries smallint not null default 0,
    -- The last attempts, oldest first: when, the status, milliseconds, and a short error. Written before the request as one
    -- whose end nobody recorded, and again after it.
    attempts jsonb not null default '[]',
    next_attempt_at timestamptz,
    correlation_id uuid not null,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    unique (organization_id, id),
    constraint webhook_deliveries_once unique (organization_id, webhook_id, event_id),
    foreign key (organization_id, webhook_id) references webhooks (organization_id, id) on delete cascade,
    check ((state = 'due') = (next_attempt_at is not null)),
    check ((state = 'due') = (finished_at is null))
);
create index webhook_deliveries_by_state on webhook_deliveries (organization_id, webhook_id, state, id);
create index webhook_deliveries_by_age on webhook_deliveries (organization_id, created_at);
select protect('webhook_deliveries');

-- The admins are told of a webhook that was paused. The kinds that there are stay as they are, whichever migrations came
-- before.
do $$ declare kinds text; begin
    select pg_get_expr(conbin, conrelid) into strict kinds
    from pg_constraint where conrelid = 'mails'::regclass and conname = 'mails_kind_check';
    execute 'alter table mails drop constraint mails_kind_check';
    execute format('alter table mails add constraint mails_kind_check check ((%s) or kind = %L)', kinds, 'webhook_paused');
end $$;
