-- Where a session stands, as people are told. A session in review of which every summary is approved or dismissed needs
-- nobody: its letters are held ('approved') or on their way ('sending'). One whose letter failed, or may be lost, needs
-- its coach again, and so stays 'in_review'. Nothing but lists reads this: the stored state says which step is next.
create function state_for_people(wanted uuid, stored text) returns text
language sql stable set search_path = public, pg_temp
as $$
    select case
        when stored <> 'in_review' then stored
        when not exists (select from summaries where session_id = wanted and state = 'approved') then stored
        when exists (select from summaries where session_id = wanted and state not in ('approved', 'dismissed')) then stored
        else (
            select case
                when bool_or(newest.state in ('failed', 'uncertain') and newest.withdrawn_reason is null) then stored
                when bool_or(newest.state = 'sending') then 'sending'
                when bool_or(newest.state = 'queued') then 'approved'
                else stored end
            from (
                select distinct on (subject_id) mails.state, withdrawn_reason
                from mails join summaries on summaries.id = subject_id
                where mails.session_id = wanted and kind = 'follow_up'
                order by subject_id, mails.created_at desc, mails.id desc
            ) as newest
        )
    end
$$;
