-- Every claim shows the words that it rests on. Two kinds rest on none: what the coach wrote, and an open thread of which
-- it is said that nothing was found. All others are refused, at the end of the transaction that adds them.

create function claim_rests_on_words() returns trigger language plpgsql as $$
begin
    if new.edited
        or exists (select from evidence where organization_id = new.organization_id and claim_id = new.id)
        or exists (select from threads
                   where organization_id = new.organization_id and claim_id = new.id and outcome = 'not_mentioned')
    then
        return null;
    end if;
    raise exception 'the claim % of the section % rests on no words', new.id, new.section
        using errcode = 'check_violation', constraint = 'claims_rest_on_words';
end
$$;

create constraint trigger claims_rest_on_words after insert on claims
    deferrable initially deferred for each row execute function claim_rests_on_words();

-- And what was found is cited: a thread that was met or not met has the words that say so.
create function thread_shows_words() returns trigger language plpgsql as $$
begin
    if new.outcome = 'not_mentioned'
        or exists (select from evidence where organization_id = new.organization_id and claim_id = new.claim_id)
    then
        return null;
    end if;
    raise exception 'the thread of the claim % has an outcome and no words that say so', new.claim_id
        using errcode = 'check_violation', constraint = 'threads_show_words';
end
$$;

create constraint trigger threads_show_words after insert on threads
    deferrable initially deferred for each row execute function thread_shows_words();
