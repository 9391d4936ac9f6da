-- Whoever confirms by an identity provider that it's them: nobody else comes of it.
alter table provider_requests add column person_id uuid,
    add foreign key (organization_id, person_id) references coaches (organization_id, id);
