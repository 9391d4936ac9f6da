//! Ids as people write them: in full, or a unique prefix. Pure.

use std::str::FromStr;

use uuid::Uuid;

/// Fewer digits are more likely a typo than an abbreviation.
const FEWEST: usize = 4;
/// At most this many candidates are named.
const MOST_NAMED: usize = 10;

/// An id, or a prefix of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdPrefix {
    written: String,
    first: Uuid,
    last: Uuid,
}

/// The input is neither an id nor a prefix of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an id has 32 digits (0-9, a-f); its first digits, at least {FEWEST}, are enough if no other id starts with \
         them"
)]
pub struct NoId;

/// No id matches, or several do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// There is no such id.
    #[error("there is no {what} {written}: see `{see}`")]
    None {
        /// The kind of thing looked up.
        what: &'static str,
        /// As written.
        written: String,
        /// The command that lists them.
        see: String,
    },
    /// Several ids have this prefix.
    #[error("several {what} ids start with {written}; give more digits of the one you mean:\n{candidates}")]
    Several {
        /// The kind of thing looked up.
        what: &'static str,
        /// As written.
        written: String,
        /// One line each, with the full id.
        candidates: String,
    },
}

impl FromStr for IdPrefix {
    type Err = NoId;

    fn from_str(text: &str) -> Result<Self, NoId> {
        let written = text.trim();
        let digits: String = written.chars().filter(|c| *c != '-').collect();
        if !(FEWEST..=32).contains(&digits.len()) || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(NoId);
        }
        let filled = |with: &str| {
            let filled = format!("{digits}{}", with.repeat(32 - digits.len()));
            Uuid::parse_str(&filled).map_err(|_| NoId)
        };
        Ok(Self { written: written.to_owned(), first: filled("0")?, last: filled("f")? })
    }
}

impl IdPrefix {
    /// The id, if it was written in full.
    #[must_use]
    pub fn whole(&self) -> Option<Uuid> {
        (self.first == self.last).then_some(self.first)
    }

    /// The first and last ids with this prefix.
    #[must_use]
    pub fn range(&self) -> (Uuid, Uuid) {
        (self.first, self.last)
    }

    /// Whether `id` has this prefix.
    #[must_use]
    pub fn fits(&self, id: Uuid) -> bool {
        (self.first..=self.last).contains(&id)
    }

    /// The one that matches among `candidates`, each with its name; others are ignored. `see` is the command that lists
    /// all.
    ///
    /// # Errors
    /// Returns an error if none matches, or several do.
    pub fn choose(
        &self,
        what: &'static str,
        see: &str,
        candidates: impl IntoIterator<Item = (Uuid, String)>,
    ) -> Result<Uuid, IdError> {
        let mut fitting: Vec<(Uuid, String)> = candidates.into_iter().filter(|(id, _)| self.fits(*id)).collect();
        fitting.sort_unstable();
        fitting.dedup_by_key(|(id, _)| *id);
        let written = self.written.clone();
        match fitting.as_slice() {
            [(only, _)] => Ok(*only),
            [] => Err(IdError::None { what, written, see: see.to_owned() }),
            several => {
                let mut lines: Vec<String> =
                    several.iter().take(MOST_NAMED).map(|(id, called)| format!("  {id}  {called}")).collect();
                if several.len() > MOST_NAMED {
                    lines.push(format!("  … and more: see `{see}`"));
                }
                Err(IdError::Several { what, written, candidates: lines.join("\n") })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Uuid {
        text.parse().expect("an id")
    }

    #[test]
    fn the_beginning_of_an_id_is_enough_where_no_other_begins_so() {
        let there = [
            (id("01a1f840-0000-7000-8000-000000000001"), "Monday".to_owned()),
            (id("01a1f840-0000-7000-9000-000000000002"), "Tuesday".to_owned()),
            (id("02a1f840-0000-7000-9000-000000000002"), "Wednesday".to_owned()),
        ];
        let choose = |written: &str| {
            let prefix: IdPrefix = written.parse().expect("a beginning");
            prefix.choose("session", "debrief sessions list", there.clone())
        };
        assert_eq!(choose("02a1"), Ok(there[2].0));
        assert_eq!(choose("01A1F840-0000-7000-8"), Ok(there[0].0), "with its dashes, in any letters");
        assert_eq!(choose("01a1f8400000700090"), Ok(there[1].0), "or without them");
        assert_eq!(choose(&there[0].0.to_string()), Ok(there[0].0));
        let several = choose("01a1f840").expect_err("two begin so").to_string();
        assert!(several.contains("01a1f840-0000-7000-8000-000000000001  Monday"), "{several}");
        assert!(several.contains("Tuesday") && !several.contains("Wednesday"), "{several}");
        let none = choose("03a1").expect_err("none begins so").to_string();
        assert_eq!(none, "there is no session 03a1: see `debrief sessions list`");
    }

    #[test]
    fn what_is_no_beginning_of_an_id_is_said_to_be_none() {
        for text in ["", "01a", "priya", "01a1f840-0000-7000-8000-0000000000011", "01a1 f840", "----"] {
            assert_eq!(text.parse::<IdPrefix>(), Err(NoId), "{text:?}");
        }
    }

    #[test]
    fn many_candidates_are_not_all_listed() {
        let many = (0..40_u128).map(|n| (Uuid::from_u128(n), "one".to_owned()));
        let prefix: IdPrefix = "0000".parse().expect("a beginning");
        let said = prefix.choose("job", "debrief jobs list", many).expect_err("many").to_string();
        assert_eq!(said.matches("  one").count(), MOST_NAMED);
        assert!(said.ends_with("see `debrief jobs list`"), "{said}");
    }
}
