-- How a person took part in a session, beside how much they said. The rules are stated in jobs/attribute/measures.rs.
-- Sessions that were attributed before keep the defaults, and no engagement, until they are attributed again.
alter table participants
    add column longest_turn_seconds double precision not null default 0,
    add column longest_turn_words int not null default 0,
    add column questions int not null default 0,
    -- How often this person began to speak while another had not ended.
    add column interruptions int not null default 0,
    -- The part of all that was said, from 0 to 1.
    add column share double precision not null default 0 check (share between 0 and 1),
    add column engagement text check (engagement in ('high', 'medium', 'low', 'silent'));
