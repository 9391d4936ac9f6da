-- By what in the file a transcript's format was known, and what it would have been read as otherwise: what a coach or
-- an operator asks first when a file was read as something that it is not. Never words of the transcript.
alter table transcripts add column detected jsonb;
