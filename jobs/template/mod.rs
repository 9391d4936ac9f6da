//! Templates: minijinja over the files of `templates/`, embedded in the binary; undefined is an error.

/// All templates, parsed.
#[derive(Debug, Default)]
pub struct Templates {}

impl Templates {
    /// Parses the embedded templates.
    #[must_use]
    pub fn new() -> Self {
        Self {}
    }
}
