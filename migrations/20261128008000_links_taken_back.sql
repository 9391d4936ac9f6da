-- Why a review link was taken back: its page says so. Links that were taken back before this have no reason.
alter table review_links add column revoked_because text
    check (revoked_because in ('replaced', 'new_address', 'coach_removed', 'command')),
    add check (revoked_because is null or revoked_at is not null);
create index review_links_by_coach on review_links (organization_id, coach_id) where revoked_at is null;
