//! Corrections: a coach says who spoke, or an operator that two clients are one; everything that depended on it is
//! updated.
//!
//! ```text
//! naming        who a label is, in a session that waits for it
//! speakers      what the coach says of labels, waiting or known; job: the coach's other sessions
//! split, take_back, unite, merge    one label is several people; a guess was wrong; two clients are one
//! day           when the session was
//! reattribute   which labels move, and the session with them
//! touched       what that does to summaries, to follow-ups that are held, and to those that are gone
//! threads       job: later summaries that tell of a corrected session
//! ```

mod day;
mod drop_threads;
mod merge;
mod naming;
mod reattribute;
mod retitle;
mod set_speakers;
mod split;
mod take_back;
mod touched;
mod unite;

pub use day::{Dated, DayError, When, set_date};
pub use merge::{Merged, merge_clients, merge_found};
pub use naming::{NameError, Named, Reach, SpeakerIs, name_speakers};
pub use retitle::{TitleError, retitle};
pub use set_speakers::{Answer, CorrectSessions, Corrected, set_speakers};
pub use split::{Turn, split, turns};
pub use take_back::take_back;
pub use touched::Touched;
