-- Whoever puts a file into the inbox again whose session was deleted wants it read again, though it is the same object. Nothing
-- is forgotten of a content that a transcript still has. Returns whether anything was.
create function ledger_forget_deleted(in_bucket text, key text, content_sha256 text) returns boolean
language sql security definer set search_path = public, pg_temp as $$
    with forgotten as (
        delete from bucket_objects
        where bucket = in_bucket and object_key = key and organization_id = current_organization()
          and outcome in ('taken', 'duplicate')
          and not exists (select from transcripts
                          where organization_id = current_organization() and sha256 = content_sha256)
        returning 1)
    select exists (select from forgotten)
$$;

revoke execute on function ledger_forget_deleted(text, text, text) from public;
grant execute on function ledger_forget_deleted(text, text, text) to debrief_app;
