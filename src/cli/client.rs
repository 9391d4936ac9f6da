//! `debrief client`: manages clients by hand. A roster in the bucket does the same for many at once.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Args, Subcommand};
use debrief_jobs::{
    bundle,
    correct::{self, Merged},
    db::Tx,
    names,
    people::{self, ClientChange, NewClient, Put, Removal},
};

use super::{App, app::note, output::confirmed};

/// Manage clients and the names they go by in transcripts
///
/// To add many at once, put a roster.csv in the coach's inbox folder: columns name, email, aliases, tags and greeting,
/// or an export from Google Contacts, Outlook and the like.
#[derive(Debug, Subcommand)]
pub(crate) enum Client {
    /// Add a client, or update the one that matches
    ///
    /// Matches the client with this email, if the name can be theirs; otherwise the only client with this name, and
    /// changes its address. A follow-up held for the old address is stopped, and the coach is told. Use --namesake to
    /// add someone else with the same name.
    Add {
        /// The coach's handle
        #[arg(long)]
        coach: String,
        /// The client's name
        #[arg(long)]
        name: String,
        /// Where follow-ups go; without it, they can be approved but are not sent
        #[arg(long)]
        email: Option<String>,
        /// How emails address the client, after "Hello" [default: the first name, if it is certain]
        #[arg(long, value_name = "NAME")]
        greeting: Option<String>,
        /// Another name for the client in transcripts; may be repeated
        #[arg(long = "alias", value_name = "NAME")]
        aliases: Vec<String>,
        /// A tag; may be repeated
        #[arg(long = "tag", value_name = "TAG")]
        tags: Vec<String>,
        /// This is a different person from the client who already has this name
        #[arg(long)]
        namesake: bool,
    },
    /// Change a client's name, address, greeting, aliases or tags
    ///
    /// Anything you leave out stays as it is. The old name is kept as an alias, so that earlier and later transcripts
    /// refer to the same person. A follow-up held for an old address is stopped, and the coach is told.
    Change(Change),
    /// Merge two clients who are the same person
    ///
    /// Merges the first into the second: sessions, summaries, goals, aliases, emails and search results. The second keeps its
    /// name and address, and the first one's names become its aliases. If both speak in the same session they may be
    /// two people after all, so the merge is refused; if they are one person, add --same-person, and that session is
    /// rewritten. This cannot be undone.
    Merge {
        /// The coach's handle
        #[arg(long)]
        coach: String,
        /// The client to merge and remove: email, name, id, or the first digits of the id
        #[arg(value_name = "FROM")]
        from: String,
        /// The client to keep: email, name, id, or the first digits of the id
        #[arg(long, value_name = "CLIENT")]
        into: String,
        /// They are one person, although both speak in the same session
        #[arg(long)]
        same_person: bool,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
        /// Only show what would happen
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove a client but keep their sessions
    ///
    /// A client without sessions is deleted. Otherwise the name stays in their sessions and summaries; the address and
    /// aliases are deleted, held follow-ups are stopped, open goals are dropped, and later transcripts are not matched to
    /// the client.
    Remove {
        /// The coach's handle
        #[arg(long)]
        coach: String,
        /// The client's email, name, id, or the first digits of the id
        client: String,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
        /// Only show what would happen
        #[arg(long)]
        dry_run: bool,
    },
    /// Import clients from a CSV file with columns such as name, email, aliases, tags, greeting
    ///
    /// Also reads exports from Google Contacts, Outlook and booking tools. Exits with code 3 if a line could not be
    /// imported.
    Import {
        /// The coach's handle
        #[arg(long)]
        coach: String,
        /// The file
        file: PathBuf,
    },
    /// Write what is held of a client to a ZIP, for a client who asks for it
    ///
    /// A page to read, JSON, and the letters as they were sent: what the client said, what was written to them and what is
    /// known of them. What others said in a group isn't in it. The audit has that it was made. docs/BACKUP.md says more.
    Bundle {
        /// The coach's handle
        #[arg(long)]
        coach: String,
        /// The client's email, name, id, or the first digits of the id
        client: String,
        /// The file to write; never replaced [default: client-ID.zip]
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        /// Also what the summaries have for the coach alone; read it before you pass it on
        #[arg(long)]
        with_coach_sections: bool,
    },
    /// List the clients of a coach
    List {
        /// The coach's handle
        #[arg(long)]
        coach: String,
    },
}

/// The changes to make.
#[derive(Debug, Args)]
pub(crate) struct Change {
    /// The coach's handle
    #[arg(long)]
    coach: String,
    /// The client's current email, name, id, or the first digits of the id
    client: String,
    /// The new name
    #[arg(long)]
    name: Option<String>,
    /// Where follow-ups go from now on
    #[arg(long)]
    email: Option<String>,
    /// Remove the address: follow-ups can be approved but are not sent
    #[arg(long, conflicts_with = "email")]
    no_email: bool,
    /// How emails address the client, after "Hello"
    #[arg(long, value_name = "NAME")]
    greeting: Option<String>,
    /// Go back to the default greeting
    #[arg(long, conflicts_with = "greeting")]
    no_greeting: bool,
    /// Another name for the client in transcripts; may be repeated
    #[arg(long = "alias", value_name = "NAME")]
    aliases: Vec<String>,
    /// A name that no longer means the client; may be repeated. One that roster.csv still has comes back with that file
    #[arg(long = "remove-alias", value_name = "NAME")]
    remove_aliases: Vec<String>,
    /// A tag, replacing the current ones; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
}

impl Client {
    /// Whether it may prompt on the terminal.
    pub(crate) fn asks(&self) -> bool {
        matches!(self, Self::Remove { .. } | Self::Merge { .. })
    }

    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::Add { coach, name, email, greeting, aliases, tags, namesake } => {
                let tags = (!tags.is_empty()).then_some(tags);
                let (email, greeting) = (email.as_deref(), greeting.as_deref());
                let client = NewClient { name: &name, email, greeting, namesake, aliases, tags };
                let put = people::add_client(&app.db, &coach, client).await?;
                app.output.one(&put, |put| added(put, &coach))?;
            }
            Self::Change(change) => {
                let coach = change.coach.clone();
                let client = people::change_client(&app.db, &coach, &change.client.clone(), change.into()).await?;
                app.output.one(&client, |client| {
                    let email = client.email.as_deref().unwrap_or("no email");
                    format!("client {} <{email}>: {}", client.name, client.id)
                })?;
            }
            Self::Merge { coach, from, into, same_person, yes, dry_run } => {
                let merge =
                    async |dry_run| correct::merge_clients(&app.db, &coach, &from, &into, (same_person, dry_run)).await;
                let would = merge(true).await?;
                let question = format!("{from} will be merged: {}. This cannot be undone.", into_one(&would));
                if !dry_run && !confirmed(&question, yes)? {
                    return Ok(ExitCode::SUCCESS);
                }
                let merged = if dry_run { would } else { merge(false).await? };
                app.output.one(&merged, into_one)?;
            }
            Self::Remove { coach, client, yes, dry_run } => {
                let would = people::remove_client(&app.db, &coach, &client, true).await?;
                if !dry_run && !confirmed(&format!("{} will be removed.", meaning(&would)), yes)? {
                    return Ok(ExitCode::SUCCESS);
                }
                let done = if dry_run { "would be removed" } else { "removed" };
                let removal =
                    if dry_run { would } else { people::remove_client(&app.db, &coach, &client, false).await? };
                app.output.one(&removal, |removal| format!("{} {done}", meaning(removal)))?;
            }
            Self::Import { coach, file } => return import(app, &coach, &file).await,
            Self::Bundle { coach, client, to, with_coach_sections } => {
                bundled(app, &coach, &client, to, with_coach_sections).await?;
            }
            Self::List { coach } => list(app, &coach).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl From<Change> for ClientChange {
    fn from(change: Change) -> Self {
        let Change { name, email, no_email, greeting, no_greeting, aliases, remove_aliases, tags, .. } = change;
        Self {
            name,
            email: if no_email { Some(None) } else { email.map(Some) },
            greeting: if no_greeting { Some(None) } else { greeting.map(Some) },
            aliases,
            remove_aliases,
            tags: (!tags.is_empty()).then_some(tags),
        }
    }
}

fn added(put: &Put, coach: &str) -> String {
    let what = if put.added { "added" } else { "already exists" };
    let moved = put.was_email.as_ref().map_or_else(String::new, |was| {
        format!(
            "\nthe address was {was} before; if this is someone else with the same name, change it back (`debrief \
             client change --coach {coach} {} --email {was}`) and add the other with --namesake",
            put.id
        )
    });
    let (name, email) = (&put.name, put.email.as_deref().unwrap_or("no email"));
    format!("client {name} <{email}>: {} ({what}){moved}", put.id)
}

fn into_one(merged: &Merged) -> String {
    let email = merged.email.as_deref().unwrap_or("no email");
    let dropped = merged.dropped_email.as_ref().map_or_else(String::new, |was| format!("; {was} is no longer used"));
    let anew = match merged.rewritten {
        0 => String::new(),
        count => format!("; sessions to be rewritten because both spoke in them: {count}"),
    };
    format!("one client, {} <{email}>; sessions moved to it: {}{anew}{dropped}", merged.name, merged.sessions)
}

fn meaning(removal: &Removal) -> String {
    let Removal { name, sessions, waiting, held, goals, .. } = removal;
    match (sessions, waiting, held, goals) {
        (0, 0, 0, 0) => format!("{name} (in no session)"),
        _ => format!(
            "{name} (sessions kept: {sessions}; summaries waiting for review: {waiting}; held follow-ups stopped: \
             {held}; open goals ended: {goals})"
        ),
    }
}

async fn import(app: &App, coach: &str, file: &std::path::Path) -> anyhow::Result<ExitCode> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let imported = people::import_roster(&app.db, coach, &bytes).await;
    let applied = imported.with_context(|| file.display().to_string())?;
    app.output.one(&applied, |applied| {
        let mut text = format!("{} added, {} already there", applied.added, applied.updated);
        for said in applied.changes.iter().chain(&applied.problems).chain(&applied.notes) {
            text.push_str(&format!("\n{}: {said}", file.display()));
        }
        text
    })?;
    // Partly done.
    Ok(if applied.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

/// What was written.
#[derive(Debug, serde::Serialize)]
struct Bundled {
    file: PathBuf,
    sessions: usize,
    letters: usize,
}

async fn bundled(app: &App, coach: &str, who: &str, to: Option<PathBuf>, coach_sections: bool) -> anyhow::Result<()> {
    let found = people::find_client(&app.db, coach, who).await?;
    let mut tx = app.db.tenant(people::coach(&app.db, coach).await?.0).await?;
    let wanted = bundle::Wanted { client: found.id, coach_sections };
    let bundle = bundle::gather(&mut tx, wanted).await?.context("the client is gone")?;
    let detail = serde_json::json!({ "client_id": found.id, "coach_sections": coach_sections });
    let zip = bundle::pack(&bundle, &app.services.desk.post.templates)?;
    let file = to.unwrap_or_else(|| PathBuf::from(format!("client-{}.zip", found.id)));
    // Words of a session: for whoever runs this alone.
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
    let mut opened = opened.with_context(|| format!("can't write {}; name another file with --to", file.display()))?;
    // Noted before the first word is written.
    note(&mut tx, "debrief client bundle", detail).await?;
    tx.commit().await?;
    opened.write_all(&zip).with_context(|| file.display().to_string())?;
    let done = Bundled { file, sessions: bundle.sessions.len(), letters: bundle.letters.len() };
    app.output.one(&done, |done| {
        format!("{}: {} sessions, {} letters; open index.html in it", done.file.display(), done.sessions, done.letters)
    })
}

async fn list(app: &App, coach: &str) -> anyhow::Result<()> {
    let clients = people::list_clients(&app.db, coach).await?;
    app.output.list(
        &clients,
        "no clients yet: add one with `debrief client add`, or put a roster.csv in the coach's inbox",
        ["NAME", "EMAIL", "GREETING", "ALIASES", "TAGS", "ID"],
        |client| {
            [
                client.name.clone(),
                client.email.clone().unwrap_or_default(),
                client.greeting.clone().unwrap_or_else(|| names::called(&client.name)),
                client.aliases.join("; "),
                client.tags.join("; "),
                client.id.to_string(),
            ]
        },
    )
}
