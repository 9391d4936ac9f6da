-- Signs of danger to life in what was said (`jobs/danger`): which sentence, of which kind, and why. They are the coach's
-- alone. The words stand in the utterance and nowhere else: a sign holds where in it they are, in bytes.
create table danger_signs (
    organization_id uuid not null,
    session_id uuid not null,
    utterance_id uuid not null,
    kind text not null check (kind in ('suicide', 'self_harm', 'abuse', 'violence', 'emergency')),
    -- The category of the lexicon, or which question was not answered with no.
    why text not null,
    from_byte int not null check (from_byte >= 0),
    to_byte int not null,
    primary key (organization_id, utterance_id, why),
    check (to_byte > from_byte),
    foreign key (organization_id, session_id) references sessions (organization_id, id) on delete cascade,
    -- A session that is parsed anew gets other utterances, and with them its signs anew.
    foreign key (organization_id, utterance_id) references utterances (organization_id, id) on delete cascade
);
create index danger_signs_by_session on danger_signs (organization_id, session_id);
select protect('danger_signs');
