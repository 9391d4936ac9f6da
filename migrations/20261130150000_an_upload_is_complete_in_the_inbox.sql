-- An upload is complete when its file is in the inbox, and not before: a client that hears otherwise sends nothing more, and
-- what it sent would be lost if the file never got there.

-- They were complete without being in the inbox: what was sent has to be sent again.
delete from uploads where object_key is null and received_bytes = size_bytes;

alter table uploads
    -- Until then somebody puts the whole file into the inbox. Whoever died doing that holds nobody up for longer.
    add column completing_until timestamptz,
    -- Upload-Metadata as the client sent it, for those that ask what they began.
    add column metadata text check (length(metadata) <= 4096),
    drop constraint uploads_check2,
    add constraint uploads_complete_in_inbox check ((object_key is null) = (received_bytes < size_bytes));
