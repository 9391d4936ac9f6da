//! `debrief templates`: the sections, length and tone of an organization's summaries.
//!
//! Reads and writes summary templates; a file is tried on a sample session before it is saved.

use std::{
    io::{IsTerminal, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Subcommand;
use debrief_jobs::{
    db::Tx,
    follow_up::{Preview, preview},
    summarize::template::{self, DEFAULT, DEFAULT_NAME, Saved, SummaryTemplate},
};
use serde_json::json;

use super::{App, output::tell};

/// Manage summary templates: sections, length, tone, and who they are for
///
/// A template is a TOML file; `debrief templates show default` prints the built-in one with comments. A session uses
/// the most specific of its organization's templates that matches: by coach, then title, then type. Existing summaries
/// stay as they are; each shows the template and version it was written with.
#[derive(Debug, Subcommand)]
pub(crate) enum Templates {
    /// List the templates of an organization
    List {
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Print a template's file
    Show {
        /// Its name; `default` is the built-in one
        name: String,
        /// The number of an earlier version [default: the latest]
        #[arg(long = "number", value_name = "N")]
        number: Option<i32>,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Try a file on the sample session and show the result, without saving it
    Check {
        /// The file, or - for standard input
        file: PathBuf,
    },
    /// Try a file on the sample session, then save it as the next version of the template it names
    Set {
        /// The file, or - for standard input
        file: PathBuf,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Edit a template in $VISUAL or $EDITOR and save it as the next version
    Edit {
        /// Its name; a new one starts as a copy of the built-in template
        name: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Stop using a template; its versions are kept, and saving it again puts it back in use
    Retire {
        /// Its name
        name: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
}

impl Templates {
    /// Whether it needs the terminal for itself.
    pub(crate) fn edits(&self) -> bool {
        matches!(self, Self::Edit { .. })
    }

    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::List { org } => list(app, org.as_deref()).await?,
            Self::Show { name, number, org } => show(app, &name, number, org.as_deref()).await?,
            Self::Check { file } => {
                let (template, preview) = tried(&read(&file)?).with_context(|| file.display().to_string())?;
                print_preview(app, &template, &preview)?;
            }
            Self::Set { file, org } => {
                let saved =
                    save(app, &read(&file)?, org.as_deref()).await.with_context(|| file.display().to_string())?;
                app.output.one(&saved, |saved| format!("{} saved as version {}", saved.name, saved.version))?;
            }
            Self::Edit { name, org } => edit(app, &name, org.as_deref()).await?,
            Self::Retire { name, org } => {
                let mut tx = app.db.tenant(app.organization(org.as_deref()).await?).await?;
                template::retire(&mut tx, &name).await?;
                tx.commit().await?;
                app.output.one(&json!({ "name": name, "retired": true }), |_| format!("{name} retired"))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(app: &App, org: Option<&str>) -> anyhow::Result<()> {
    let mut tx = app.db.tenant(app.organization(org).await?).await?;
    let saved = template::list(&mut tx).await?;
    app.output.list(
        &saved,
        "no templates yet: all summaries use the built-in one (`debrief templates show default`)",
        ["NAME", "VERSION", "FOR", "SAVED", ""],
        |saved| {
            [
                saved.name.clone(),
                saved.version.to_string(),
                SummaryTemplate::read(&saved.definition).map_or_else(|_| "unreadable".into(), |it| whom(&it)),
                saved.created_at.format("%Y-%m-%d %H:%M").to_string(),
                if saved.retired { "retired".into() } else { String::new() },
            ]
        },
    )
}

/// Who a template is for, in words.
fn whom(template: &SummaryTemplate) -> String {
    let when = &template.when;
    let mut parts = Vec::new();
    parts.extend(when.coach.as_ref().map(|coach| format!("coach {coach}")));
    parts.extend(when.session_type.as_ref().map(|it| format!("{it} sessions")));
    parts.extend(when.title.as_ref().map(|title| format!("titles with “{}”", title.trim())));
    if parts.is_empty() { "everyone".into() } else { parts.join(", ") }
}

async fn show(app: &App, name: &str, version: Option<i32>, org: Option<&str>) -> anyhow::Result<()> {
    if name == DEFAULT_NAME {
        return app.output.one(&json!({ "name": name, "definition": DEFAULT }), |_| DEFAULT.to_owned());
    }
    let mut tx = app.db.tenant(app.organization(org).await?).await?;
    let saved = template::show(&mut tx, name, version).await?;
    app.output.one(&saved, |saved| saved.definition.clone())
}

/// Checks a file and saves it.
async fn save(app: &App, file: &str, org: Option<&str>) -> anyhow::Result<Saved> {
    tried(file)?;
    let mut tx = app.db.tenant(app.organization(org).await?).await?;
    let saved = template::save(&mut tx, file).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Parses the file as a template, and applies it to the sample session.
fn tried(file: &str) -> anyhow::Result<(SummaryTemplate, Preview)> {
    let template = SummaryTemplate::read(file)?;
    let preview = preview(&template)?;
    Ok((template, preview))
}

fn print_preview(app: &App, template: &SummaryTemplate, preview: &Preview) -> anyhow::Result<()> {
    let value = json!({
        "name": template.name, "for": whom(template), "follow_up": preview.follow_up, "coach_notes": preview.notes,
    });
    app.output.one(&value, |_| {
        let notes = if preview.notes.is_empty() { "(nothing)\n" } else { &preview.notes };
        format!(
            "{} is valid. It is for {}. From the sample session it makes:\n\n{}\n\nFor the coach only:\n{notes}",
            template.name,
            whom(template),
            preview.follow_up.trim_end(),
        )
    })
}

async fn edit(app: &App, name: &str, org: Option<&str>) -> anyhow::Result<()> {
    anyhow::ensure!(
        std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
        "an editor needs a terminal: use `debrief templates show {name}` and `debrief templates set FILE` instead"
    );
    let mut tx = app.db.tenant(app.organization(org).await?).await?;
    let before = match template::show(&mut tx, name, None).await {
        Ok(saved) => saved.definition,
        Err(template::StoreError::Unknown(_)) => {
            DEFAULT.replacen("name = \"default\"", &format!("name = \"{name}\""), 1)
        }
        Err(error) => return Err(error.into()),
    };
    drop(tx);
    let folder = tempfile::tempdir().context("can't create a temporary folder")?;
    let path = folder.path().join(format!("{name}.toml"));
    std::fs::write(&path, &before).context("can't write the temporary file")?;
    let editor = ["VISUAL", "EDITOR"].into_iter().find_map(|key| std::env::var(key).ok().filter(|it| !it.is_empty()));
    let editor = editor.unwrap_or_else(|| "vi".into());
    loop {
        // Through the shell, like git: an editor may come with arguments.
        let status = tokio::process::Command::new("sh")
            .args(["-c", &format!("{editor} \"$1\""), "sh"])
            .arg(&path)
            .status()
            .await
            .with_context(|| format!("can't start the editor `{editor}`"))?;
        anyhow::ensure!(status.success(), "the editor exited with {status}: nothing was saved");
        let after = read(&path)?;
        if after == before {
            tell("nothing was changed, so nothing was saved");
            return Ok(());
        }
        match save(app, &after, org).await {
            Ok(saved) => {
                return app.output.one(&saved, |saved| format!("{} saved as version {}", saved.name, saved.version));
            }
            Err(error) => {
                tell(&format!("error: {error:#}"));
                tell("Press Enter to keep editing, or Ctrl-C to give up.");
                if std::io::stdin().read_line(&mut String::new())? == 0 {
                    anyhow::bail!("nothing was saved");
                }
            }
        }
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}
