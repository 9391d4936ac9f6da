//! Shows what the offline summarizer makes of sessions, for people to judge.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use debrief_jobs::{
    embed::Local,
    summarize::{read_session, verify, write_offline},
};

/// Prints the summary of each file: a head of `date`, `coach` and `client`, `---`, and lines of `Speaker| words`.
pub(crate) fn read(files: &[PathBuf], local: &Local) -> Result<()> {
    for file in files {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let session = read_session(&text);
        let verified = verify(&session, &write_offline(&session, Some(local)).claims);
        println!("== {}: {} with {}", file.display(), session.client, session.coach);
        for claim in &verified.claims {
            let due = claim.action.as_ref().map(|action| {
                let by = action.due_words.as_deref().map(|words| format!(", {words}")).unwrap_or_default();
                format!(" [{}{by}]", action.owner.as_str())
            });
            println!("{:15} {}{}", claim.section.as_str(), claim.text, due.unwrap_or_default());
        }
        println!();
    }
    Ok(())
}
