-- A browser that opens a link again gets another secret, and the visit before it ends. What was typed in a form that still
-- stands open there isn't lost: the new visit takes the tokens of such forms, by their SHA-256.
alter table review_visits add column earlier_forms bytea[] not null default '{}' check (cardinality(earlier_forms) <= 16);
