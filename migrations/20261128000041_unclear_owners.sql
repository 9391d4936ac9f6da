-- Of what "we" will do it is not said which of the two does it: then nobody is named, rather than one by guess.
alter table action_items drop constraint action_items_owner_check;
alter table action_items add constraint action_items_owner_check check (owner in ('client', 'coach', 'unclear'));
