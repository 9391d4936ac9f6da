-- What each claim of a version rests on. Before, a sentence that the coach had changed kept the evidence of the old words,
-- and a version counted as verified all that the summariser had once verified.
alter table claims add column support text;
-- Nobody checked what was edited. A claim without evidence says that nothing was said.
update claims set support = case
    when edited then 'own'
    when exists (select from evidence where evidence.claim_id = claims.id) then 'verified'
    else 'nothing_said' end;
alter table claims alter column support set not null;
-- verified: its words hold by rule against its evidence. nothing_said: it says that nothing was said, and needs none.
-- own: the coach's words, which its evidence (if it has any) does not support. unchecked: words that a model made of those.
alter table claims add constraint claims_support_check check (support in ('verified', 'nothing_said', 'own', 'unchecked'));
-- How many claims a version has, and how many of them are verified, is counted from the claims.
alter table summary_versions drop column claims_kept;
