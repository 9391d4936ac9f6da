-- An export whose job is dead says so, and why; the next one starts anew.
alter table exports add column failed_reason text;
