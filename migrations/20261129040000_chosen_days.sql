-- A due date follows from words that were said; or the coach chose it, and then no words say so.
alter table action_items drop constraint action_items_check;
