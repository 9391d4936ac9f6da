-- As before, but by coach: nothing is forgotten of a content that a transcript of the same coach still has. A process of the
-- version before asks the function of three parameters, which stays for it.
create function ledger_forget_deleted(in_bucket text, key text, in_handle text, content_sha256 text) returns void
language sql security definer set search_path = public, pg_temp as $$
    delete from bucket_objects
    where bucket = in_bucket and object_key = key and organization_id = current_organization()
      and outcome in ('taken', 'duplicate')
      and not exists (select from transcripts
                      join sessions on sessions.id = session_id join coaches on coaches.id = sessions.coach_id
                      where transcripts.organization_id = current_organization() and sha256 = content_sha256
                        and coaches.handle = in_handle)
$$;

-- What duplicates of a coach say of the files and the session that had their content first, once that session is deleted.
create function ledger_forget_names(in_coach uuid, names text[], instead text) returns void
language sql security definer set search_path = public, pg_temp as $$
    update bucket_objects set reason = instead
    where organization_id = current_organization() and outcome = 'duplicate'
      and lower(split_part(object_key, '/', 2)) = (
          select lower(handle) from coaches where id = in_coach and organization_id = current_organization())
      and exists (select from unnest(names) name where position(name in reason) > 0)
$$;

revoke execute on function ledger_forget_deleted(text, text, text, text), ledger_forget_names(uuid, text[], text)
    from public;
grant execute on function ledger_forget_deleted(text, text, text, text), ledger_forget_names(uuid, text[], text)
    to debrief_app;
