//! Whether anybody still needs the result of reading. A thread can't be killed from outside: code that reads for a job
//! whose time is up checks here at the beginning of each line, and returns with whatever it has.

use std::{cell::RefCell, rc::Rc};

thread_local! {
    static ENDS: RefCell<Option<Rc<dyn Fn() -> bool>>> = const { RefCell::new(None) };
}

/// Restores the previous value, even if the work panics.
struct Before(Option<Rc<dyn Fn() -> bool>>);

impl Drop for Before {
    fn drop(&mut self) {
        ENDS.set(self.0.take());
    }
}

/// Does `work`, which reads on this thread, until `ends` says that nobody needs the result any more. The result is then
/// incomplete and must be discarded.
pub fn until<T>(ends: impl Fn() -> bool + 'static, work: impl FnOnce() -> T) -> T {
    let _before = Before(ENDS.replace(Some(Rc::new(ends))));
    work()
}

pub(super) fn is_asked() -> bool {
    ENDS.with_borrow(|ends| ends.as_ref().is_some_and(|ends| ends()))
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc};

    use super::until;

    #[test]
    fn a_reading_that_is_for_nobody_ends_soon() {
        let text = "Ana Ruiz: Where did we stop?\nTom Berg: At the letter.\n".repeat(5_000);
        let asked = Rc::new(Cell::new(0));
        let (counts, after) = (Rc::clone(&asked), 20_000);
        let ends = move || {
            counts.set(counts.get() + 1);
            counts.get() > after
        };
        let _ = until(ends, || crate::parse(text.as_bytes()));
        assert!((after..after + 5_000).contains(&asked.get()), "it went on: {}", asked.get());
        let whole = crate::parse(text.as_bytes()).map(|transcript| transcript.utterances.len());
        assert_eq!(whole.ok(), Some(10_000), "the next one is read whole");
    }
}
