-- What an export should have: which part of the organization's data, which tables, which formats. Empty: everything.
alter table exports add column wish jsonb not null default '{}';
