-- A model's draft that can't be used is replaced by the offline summarizer's: which model, and why.
alter table summaries
    add column stands_in_for text,
    add column stands_in_why text
        check (stands_in_why in ('empty', 'nothing_holds', 'goes_round', 'other_language', 'unreadable', 'cut_off')),
    add constraint summaries_stands_in_check check ((stands_in_for is null) = (stands_in_why is null));
