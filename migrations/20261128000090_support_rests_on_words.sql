-- What a claim rests on is a type by now (`support`), so the rule that every claim shows its words is said in it: only the
-- coach's own words, and what a model made of those, may rest on none. An open thread of which nothing was found says so.
create or replace function claim_rests_on_words() returns trigger language plpgsql as $$
begin
    if new.support in ('own', 'unchecked')
        or exists (select from evidence where organization_id = new.organization_id and claim_id = new.id)
        or (new.support = 'nothing_said' and exists (
                select from threads
                where organization_id = new.organization_id and claim_id = new.id and outcome = 'not_mentioned'))
    then
        return null;
    end if;
    raise exception 'the claim % of the section % rests on no words', new.id, new.section
        using errcode = 'check_violation', constraint = 'claims_rest_on_words';
end
$$;
