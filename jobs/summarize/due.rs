//! Due dates: finds the words of a date in what was said, and resolves them against the session's date. Pure.
//!
//! We need our own search in any case: the date crates only resolve a text that is nothing but a date. We resolve dates
//! ourselves too: of the 24 phrases in the tests below, cut out for them, interim 0.2 and chrono-english 0.2 resolve 5
//! as people mean them, date_time_parser 0.2 also 5, human-date-parser 0.3 6, fuzzydate 0.4 7 and two_timer 2.2 8: they
//! know "Friday", but not "the end of the month", "in a couple of days" or "this week".

use std::{borrow::Cow, ops::Range, sync::LazyLock};

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use regex::{Captures, Regex};

/// When something promised is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// The words, as said.
    pub(crate) words: String,
    /// The day; `None` if the words don't name one ("before we meet next time").
    pub(crate) date: Option<NaiveDate>,
}

const WEEKDAY: &str = "monday|tuesday|wednesday|thursday|friday|saturday|sunday";
const MONTH: &str = "january|february|march|april|may|june|july|august|september|october|november|december|\
                     jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec";
const COUNT: &str = r"\d{1,2}|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|a couple of|a few";
const ORDINAL: &str = "\\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|\
                       eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|\
                       twentieth|twenty-first|twenty-second|twenty-third|twenty-fourth|twenty-fifth|twenty-sixth|\
                       twenty-seventh|twenty-eighth|twenty-ninth|thirtieth|thirty-first";

/// Resolves words to a day; the captures are those of the rule's pattern.
type Resolve = fn(&regex::Captures<'_>, NaiveDate) -> Option<NaiveDate>;

/// The forms of a date, in the order in which they are tried: longer forms before the ones they contain.
static RULES: LazyLock<Vec<(Regex, Resolve)>> = LazyLock::new(|| {
    let lead = r"(?:\b(?:by|before|on|until|till|no later than|during|over)\s+)?";
    let rule = |pattern: String, resolve: Resolve| {
        (Regex::new(&format!(r"(?i){lead}{pattern}")).expect("a constant pattern"), resolve)
    };
    vec![
        rule(r"\b(\d{4}-\d{2}-\d{2})\b".into(), |found, _| found[1].parse().ok()),
        rule(r"\bthe day after tomorrow\b".into(), |_, day| day.checked_add_days(Days::new(2))),
        rule(r"\btomorrow(?:\s+(?:morning|afternoon|evening|night))?\b".into(), |_, day| day.succ_opt()),
        rule(
            r"\b(?:(?:later |the end of |end of |close of business |close of play )?today|tonight|later on tonight|this (?:morning|afternoon|evening)|(?:the )?end of (?:the |this )?day|eod|cob|(?:by|before) (?:midnight|dinner|bedtime|lunch|noon))\b"
                .into(),
            |_, day| Some(day),
        ),
        rule(format!(r"\b(?:({WEEKDAY})(?: of)? next week|next week,? (?:on )?({WEEKDAY}))\b"), |found, day| {
            in_next_week(day, weekday(found.get(1).or(found.get(2))?.as_str())?)
        }),
        rule(format!(r"\bnext ({WEEKDAY})\b"), |found, day| in_next_week(day, weekday(&found[1])?)),
        rule(r"\b(?:the )?end of next week\b".into(), |_, day| in_next_week(day, Weekday::Fri)),
        rule(r"\b(?:the )?week after next\b".into(), |_, day| {
            in_next_week(day, Weekday::Fri)?.checked_add_days(Days::new(7))
        }),
        rule(r"\b(?:early next week|(?:the )?(?:start|beginning) of next week|first thing next week)\b".into(), |_, day| {
            in_next_week(day, Weekday::Wed)
        }),
        rule(r"\bnext week\b".into(), |_, day| in_next_week(day, Weekday::Fri)),
        rule(r"\b(?:(?:the )?end of (?:the |this )?week|eow|(?:later |sometime |some time )?this (?:coming )?week)\b".into(), |_, day| end_of_week(day)),
        rule(r"\b(?:before|until) (?:this |the |next )(?:coming )?weekend\b".into(), |found, day| {
            let friday = coming(day, Weekday::Sun)?.checked_sub_days(Days::new(2))?;
            let is_later = friday < day || found[0].to_lowercase().contains("next");
            if is_later { friday.checked_add_days(Days::new(7)) } else { Some(friday) }
        }),
        rule(r"\b(?:this(?: coming)?|the(?: coming)?|at the|next) weekend\b".into(), |found, day| {
            let sunday = coming(day, Weekday::Sun)?;
            if found[0].to_lowercase().contains("next") { sunday.checked_add_days(Days::new(7)) } else { Some(sunday) }
        }),
        rule(r"\b(?:the )?(?:end of )?next month\b".into(), |_, day| end_of_month(day.checked_add_months(Months::new(1))?)),
        rule(r"\b(?:(?:the )?end of (?:the |this )?month|month'?s? end|eom|(?:later )?this month)\b".into(), |_, day| end_of_month(day)),
        rule(r"\b(?:the )?end of (?:the |this )?quarter\b".into(), |_, day| {
            end_of_month(day.with_day(1)?.with_month(day.month0() / 3 * 3 + 3)?)
        }),
        rule(r"\b(?:the )?end of (?:the |this )?year\b".into(), |_, day| NaiveDate::from_ymd_opt(day.year(), 12, 31)),
        rule(r"\b(?:in a|within a) fortnight\b".into(), |_, day| day.checked_add_days(Days::new(14))),
        rule(format!(r"\b(?:in|within|over|during) the next ({COUNT}) (day|week|month)s?\b"), |found, day| {
            after(day, &found[1], &found[2])
        }),
        rule(format!(r"\b(?:in|within) ({COUNT})(?: more)? (day|week|month)s?\b(?:['’]?\s*time)?"), |found, day| {
            after(day, &found[1], &found[2])
        }),
        rule(r"\bthe (?:first|1st) of (?:the )?(?:next )?month\b".into(), |_, day| {
            day.with_day(1)?.checked_add_months(Months::new(1))
        }),
        // "Wednesday the eighteenth" is one day.
        rule(format!(r"\b(?:{WEEKDAY}),? (?:the )?({ORDINAL}|\d{{1,2}})(?: of)? ({MONTH})\b"), |found, day| {
            in_month(day, month(&found[2])?, ordinal(&found[1])?)
        }),
        rule(format!(r"\b(?:{WEEKDAY}),? ({MONTH}) (?:the )?({ORDINAL}|\d{{1,2}})\b"), |found, day| {
            in_month(day, month(&found[1])?, ordinal(&found[2])?)
        }),
        rule(format!(r"\b(?:{WEEKDAY}),? the ({ORDINAL})\b"), |found, day| day_of_month(day, ordinal(&found[1])?)),
        rule(format!(r"\b(?:the )?({ORDINAL}|\d{{1,2}})(?: of)? ({MONTH})\b"), |found, day| {
            in_month(day, month(&found[2])?, ordinal(&found[1])?)
        }),
        rule(format!(r"\b({MONTH}) (?:the )?({ORDINAL}|\d{{1,2}})\b"), |found, day| {
            in_month(day, month(&found[1])?, ordinal(&found[2])?)
        }),
        rule(format!(r"\b(?:on|by|before|until) the ({ORDINAL})\b"), |found, day| day_of_month(day, ordinal(&found[1])?)),
        rule(format!(r"\b(?:this |coming )?({WEEKDAY})(?:\s+(?:morning|afternoon|evening|night))?\b"), |found, day| {
            coming(day, weekday(&found[1])?)
        }),
        rule(
            r"\b(?:before|by|until) (?:(?:we|you and i) (?:meet|talk|speak|see each other)(?: again)?(?: next(?: time)?)?|(?:our|the) next (?:session|meeting|call|time|one)|(?:i|you) see (?:you|me)(?: again)?|next (?:time|session))\b"
                .into(),
            |_, _| None,
        ),
    ]
});

/// What rules out a date as a due date: the past, and what happens every week.
static NOT_DUE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(r"(?i)\b(?:last|every|each|since|previous)\s+(?:{WEEKDAY}|week|month|weekend)s?\b|\b(?:{WEEKDAY})s\b|\b(?:{WEEKDAY}) (?:morning|afternoon|evening|night)s\b|\b(?:the|an?|our|my|that|his|her)\s+(?:{WEEKDAY})\b|\bafter\s+(?:next\s+|this\s+)?(?:{WEEKDAY})\b|\b(?:said|discussed|talked about|spoke about|covered|learned|learnt|did|heard|here|so far|started|begun|again|until) (?:today|tonight)\b|\btoday's\b|\bthis week's\b|\b(?:from|starting|since|as of) today\b|\bnot (?:on |by |before )?(?:this |next )?(?:{WEEKDAY}|today|tonight|tomorrow|week|weekend|month)\b"))
        .expect("a constant pattern")
});

/// The first date in `text` that can be a due date, resolved against the session's `day`. If the speaker corrects it
/// ("Thursday, no, Friday"), the last one; of "Thursday or Friday", the later.
pub(crate) fn find(text: &str, day: NaiveDate) -> Option<Due> {
    static CORRECTED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^[\s,;.…–—-]*(?:(?:well|oh|uh+|um+|hm+|but)[,. ]*)?\b(?:no|nope|actually|rather|or rather|or better|better|sorry|wait|i mean|make (?:it|that)|let's say|scratch that|hang on|hold on|not)\b")
            .expect("a constant pattern")
    });
    static EITHER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:,? or(?: maybe| perhaps| even| possibly)?(?: at the latest)?,? |, |,? and )$")
            .expect("a constant pattern")
    });
    // "Friday, Thursday is the audit": the second day is only mentioned, and nothing is due by it.
    static TELLS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:['\u{2019}]s|\s+(?:is|was|isn['\u{2019}]t|won['\u{2019}]t|doesn['\u{2019}]t|has|will be|would be|i|we|she|he|they|i['\u{2019}]m|we['\u{2019}]re)\b)").expect("a constant pattern")
    });
    let usable = usable(text);
    let mut dates = Dates::of(&usable, day);
    let (mut range, mut date) = dates.next()?;
    for (then, later) in dates {
        let between = usable.get(range.end..then.start)?;
        if CORRECTED.is_match(between) {
            (range, date) = (then, later);
        } else if EITHER.is_match(between) && !usable.get(then.end..).is_some_and(|rest| TELLS.is_match(rest)) {
            (range, date) = (range.start..then.end, date.max(later));
        } else {
            break;
        }
    }
    Some(Due { words: text.get(range)?.trim().to_owned(), date })
}

/// The positions of the dates in `text`, in order.
pub(crate) fn places(text: &str, day: NaiveDate) -> Vec<Range<usize>> {
    Dates::of(&usable(text), day).map(|(range, _)| range).collect()
}

/// `text` with blanks in place of what can't be a due date, so that all positions stay the same.
fn usable(text: &str) -> Cow<'_, str> {
    NOT_DUE.replace_all(text, |found: &Captures<'_>| " ".repeat(found[0].len()))
}

/// Iterates over the dates of a text: their positions and days. Each rule scans the text once.
struct Dates<'t> {
    usable: &'t str,
    day: NaiveDate,
    from: usize,
    /// The next match of each rule; `None` once it has no more.
    next: Vec<Option<Captures<'t>>>,
}

impl<'t> Dates<'t> {
    fn of(usable: &'t str, day: NaiveDate) -> Self {
        Self { usable, day, from: 0, next: RULES.iter().map(|(pattern, _)| pattern.captures(usable)).collect() }
    }
}

impl Iterator for Dates<'_> {
    type Item = (Range<usize>, Option<NaiveDate>);

    fn next(&mut self) -> Option<Self::Item> {
        let place = |found: &Captures<'_>| found.get(0).map(|all| all.range()).unwrap_or_default();
        for (next, (pattern, _)) in self.next.iter_mut().zip(RULES.iter()) {
            if next.as_ref().is_some_and(|found| place(found).start < self.from) {
                *next = pattern.captures_at(self.usable, self.from);
            }
        }
        let found =
            self.next.iter().zip(RULES.iter()).filter_map(|(next, (_, resolve))| Some((next.as_ref()?, resolve)));
        // The earliest; of several at one position, the longest.
        let first = found.min_by_key(|(found, _)| (place(found).start, std::cmp::Reverse(place(found).len())));
        let (found, resolve) = first?;
        let range = place(found);
        self.from = range.end;
        Some((range, resolve(found, self.day)))
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    name.parse().ok()
}

fn month(name: &str) -> Option<u32> {
    // "Sept" is the only abbreviation with more than three letters.
    name.get(..3)?.parse::<chrono::Month>().ok().map(|month| month.number_from_month())
}

/// The next such weekday after `day`: "Friday", said on a Friday, is a week away.
fn coming(day: NaiveDate, weekday: Weekday) -> Option<NaiveDate> {
    let ahead =
        (i64::from(weekday.num_days_from_monday()) - i64::from(day.weekday().num_days_from_monday()) + 6) % 7 + 1;
    day.checked_add_days(Days::new(u64::try_from(ahead).ok()?))
}

fn in_next_week(day: NaiveDate, weekday: Weekday) -> Option<NaiveDate> {
    let monday = day.week(Weekday::Mon).first_day().checked_add_days(Days::new(7))?;
    monday.checked_add_days(Days::new(u64::from(weekday.num_days_from_monday())))
}

/// Friday; at a weekend, its Sunday.
fn end_of_week(day: NaiveDate) -> Option<NaiveDate> {
    let friday = day.week(Weekday::Mon).first_day().checked_add_days(Days::new(4))?;
    if day <= friday { Some(friday) } else { Some(day.week(Weekday::Mon).last_day()) }
}

fn end_of_month(day: NaiveDate) -> Option<NaiveDate> {
    day.with_day(1)?.checked_add_months(Months::new(1))?.pred_opt()
}

/// That day of this month if it's still ahead, otherwise of the next month that has it.
fn day_of_month(day: NaiveDate, number: u32) -> Option<NaiveDate> {
    (0..3)
        .filter_map(|ahead| day.with_day(1)?.checked_add_months(Months::new(ahead))?.with_day(number))
        .find(|date| *date > day)
}

fn in_month(day: NaiveDate, month: u32, number: u32) -> Option<NaiveDate> {
    let date = NaiveDate::from_ymd_opt(day.year(), month, number)?;
    if date < day { NaiveDate::from_ymd_opt(day.year() + 1, month, number) } else { Some(date) }
}

fn count(word: &str) -> Option<u64> {
    Some(match word.to_lowercase().as_str() {
        "a" | "an" | "one" => 1,
        "two" | "a couple of" => 2,
        "three" | "a few" => 3,
        "four" => 4,
        "five" => 5,
        "six" => 6,
        "seven" => 7,
        "eight" => 8,
        "nine" => 9,
        "ten" => 10,
        "twelve" => 12,
        digits => return digits.parse().ok(),
    })
}

/// That many days, weeks or months after `day`.
fn after(day: NaiveDate, number: &str, unit: &str) -> Option<NaiveDate> {
    let count = count(number)?;
    match unit.to_lowercase().as_str() {
        "day" => day.checked_add_days(Days::new(count)),
        "week" => day.checked_add_days(Days::new(count * 7)),
        _ => day.checked_add_months(Months::new(u32::try_from(count).ok()?)),
    }
}

fn ordinal(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
    if !digits.is_empty() {
        return digits.parse().ok().filter(|number| (1..=31).contains(number));
    }
    // The first four alternatives are the pattern for numerals.
    ORDINAL.split('|').skip(4).position(|name| name == word).and_then(|at| u32::try_from(at + 1).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, words: &str, date: &str) {
        let day = NaiveDate::from_ymd_opt(2026, 3, 11).expect("a date");
        let due = find(text, day).unwrap_or_else(|| panic!("no date found in {text:?}"));
        assert_eq!(
            (due.words.as_str(), due.date.map(|date| date.to_string()).unwrap_or_default().as_str()),
            (words, date)
        );
    }

    #[test]
    fn dates_are_found_in_sentences_and_resolved() {
        check("I'll send the draft by Friday.", "by Friday", "2026-03-13");
        check("I'll send it by next Friday, promise.", "by next Friday", "2026-03-20");
        check("Friday next week works", "Friday next week", "2026-03-20");
        check("on Wednesday morning, before nine", "on Wednesday morning", "2026-03-18");
        check("I'll write to her today.", "today", "2026-03-11");
        check("Tonight. I'll bring it home.", "Tonight", "2026-03-11");
        check("I'll ring her tomorrow and ask", "tomorrow", "2026-03-12");
        check("the day after tomorrow at the latest", "the day after tomorrow", "2026-03-13");
        check("I'll do it this week", "this week", "2026-03-13");
        check("by the end of the week", "by the end of the week", "2026-03-13");
        check("lunch with Yvonne next week", "next week", "2026-03-20");
        check("it will be done in two weeks", "in two weeks", "2026-03-25");
        check("in a couple of days", "in a couple of days", "2026-03-13");
        check("within 10 days", "within 10 days", "2026-03-21");
        check("in a month's time", "in a month", "2026-04-11");
        check("by the end of the month", "by the end of the month", "2026-03-31");
        check("by the end of next month", "by the end of next month", "2026-04-30");
        check("by the end of the quarter", "by the end of the quarter", "2026-03-31");
        check("he'll have an answer on the 3rd", "on the 3rd", "2026-04-03");
        check("an answer on the twentieth", "on the twentieth", "2026-03-20");
        check("from the first of next month", "the first of next month", "2026-04-01");
        check("on March 3rd", "on March 3rd", "2027-03-03");
        check("by the 3rd of April", "by the 3rd of April", "2026-04-03");
        check("by 2026-05-01", "by 2026-05-01", "2026-05-01");
        check("I'll ask him this weekend", "this weekend", "2026-03-15");
        check("post the job before we meet next time", "before we meet next time", "");
        check("I'll write by Thursday, no, by Friday", "by Friday", "2026-03-13");
        check("I'll write on Thursday. No, make it Friday.", "Friday", "2026-03-13");
        check("by Thursday or Friday", "by Thursday or Friday", "2026-03-13");
        check("not Thursday, but on Friday", "on Friday", "2026-03-13");
        check("I'll run on Thursday, Saturday and Sunday", "on Thursday, Saturday and Sunday", "2026-03-15");
        check("it's done by end of month", "by end of month", "2026-03-31");
        check("by the end of today", "by the end of today", "2026-03-11");
        check("you'll have it later today", "later today", "2026-03-11");
        check("sometime this week", "sometime this week", "2026-03-13");
        check("by Dec 4th", "by Dec 4th", "2026-12-04");
        check("on 4 Sept", "on 4 Sept", "2026-09-04");
        check("over the next two weeks", "over the next two weeks", "2026-03-25");
        check("in a fortnight", "in a fortnight", "2026-03-25");
        check("the week after next", "the week after next", "2026-03-27");
        check("early next week", "early next week", "2026-03-18");
        check("at the weekend", "at the weekend", "2026-03-15");
        check("I'll call him before the weekend", "before the weekend", "2026-03-13");
    }

    #[test]
    fn the_past_and_the_habitual_are_no_dates() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 11).expect("a date");
        for text in [
            "what we discussed today",
            "not this week",
            "today's session",
            "I said it last Friday",
            "a short check every Friday",
            "no date here",
            "in a minute",
            "Mondays are home",
        ] {
            assert_eq!(find(text, day), None, "{text}");
        }
        assert_eq!(find("I missed last Friday, so by Monday", day).map(|due| due.words).as_deref(), Some("by Monday"));
    }

    #[test]
    fn the_31st_is_in_a_month_that_has_one() {
        let day = NaiveDate::from_ymd_opt(2026, 4, 2).expect("a date");
        assert_eq!(find("by the 31st", day).and_then(|due| due.date), NaiveDate::from_ymd_opt(2026, 5, 31));
    }
}
