//! A bar that shows what is being done and how far it is; nothing where nobody watches.

use debrief_jobs::backup::Step;
use indicatif::{ProgressBar, ProgressStyle};

/// The bar; gone with the value.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        let style = ProgressStyle::with_template("  {msg:24} {bar:30.cyan/dim} {pos:>4} of {len}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::new(0).with_style(style))
    }

    /// What moves it.
    pub(super) fn tell(&self) -> impl Fn(Step, u64, u64) + Send + Sync + use<> {
        let bar = self.0.clone();
        move |step, done, all| {
            bar.set_message(match step {
                Step::Read => "reading tables",
                Step::Upload => "uploading tables",
                Step::Transcripts => "copying transcripts",
                Step::Verify => "checking",
                Step::Load => "loading tables",
                Step::Compare => "comparing",
            });
            bar.set_length(all);
            bar.set_position(done);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
