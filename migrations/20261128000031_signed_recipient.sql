-- An approval signs the recipient as well: who was shown is who gets the letter. The name stands beside the address on the
-- mail, so that the job that sends it can compare both with the client's as they are by then. Mails that were queued before
-- have none, and are compared by their address alone.
alter table mails add column recipient_name text;
