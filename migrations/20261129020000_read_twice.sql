-- What a second reader found of a sentence. read_twice: its evidence says it, by rule and by the reader. doubted: it holds by
-- rule, and the reader found that its evidence doesn't say all of it; the coach is asked to check.
alter table claims drop constraint claims_support_check;
alter table claims add constraint claims_support_check
    check (support in ('verified', 'read_twice', 'doubted', 'nothing_said', 'own', 'unchecked'));
