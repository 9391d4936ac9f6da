-- What an attribution rests on, so that a guess is shown as one; and whether the coach took a guess back: then the label
-- is asked about, and no later look guesses it again.

alter table attributions
    add column basis text not null default 'name'
        check (basis in ('coach', 'files', 'name', 'part_of_name', 'speech', 'occasion')),
    add column is_refused boolean not null default false;
update attributions set basis = 'coach' where by_coach;

-- Badges of meeting tools ("(Guest)") are no part of a name any more: what was said of a name with one holds for the
-- name without it.
update aliases as old
set normalized = regexp_replace(normalized, ' (guest|external|unverified|host|me|you)$', '')
where written ~* '\S\s*[(\[](guest|external|unverified|host|me|you)[)\]]\s*$'
    and normalized ~ '.+ (guest|external|unverified|host|me|you)$'
    and not exists (
        select from aliases as other
        where other.organization_id = old.organization_id and other.coach_id = old.coach_id
            and other.normalized = regexp_replace(old.normalized, ' (guest|external|unverified|host|me|you)$', '')
    );
