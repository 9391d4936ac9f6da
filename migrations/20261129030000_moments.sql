-- Passages that may matter but that nobody is sure about: for the coach, who may move them to a section.
alter table claims drop constraint claims_section_check;
alter table claims add constraint claims_section_check check (section in
    ('wins', 'challenges', 'action_items', 'recommendations', 'key_quotes', 'moments',
     'engagement', 'breakthrough', 'risk', 'priority', 'open_threads'));
