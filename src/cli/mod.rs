//! The command line: one file per command group.
//!
//! Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 partly done.

mod actions;
mod app;
mod backup;
mod client;
mod coach;
mod costs;
mod delete;
mod demo;
mod doctor;
mod drop;
mod export;
mod goals;
mod ids;
mod inbox;
mod index;
mod jobs;
mod keys;
mod links;
mod mcp;
mod models;
mod org;
mod output;
mod people;
mod refining;
mod run;
mod schedules;
mod search;
mod sessions;
mod set_date;
mod settings;
mod speakers;
mod templates;
mod voice;
mod webhooks;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

pub(crate) use app::App;

const FIRST_STEPS: &str = "\
First steps with your own sessions:
  debrief org add northlight --name \"Northlight Coaching\" --time-zone Europe/Stockholm
  debrief coach add maya --org northlight --name \"Maya Okafor\" --email maya@example.org
  debrief client add --coach maya --name \"Priya Raman\" --email priya@example.org
  debrief up
Then run `debrief drop FILE --coach maya`, or copy the file into the folder that `coach add` prints. `debrief inbox` shows
what became of it, and `debrief links make` prints a link to the review. The README walks through it step by step.";

/// Turn what was said in a coaching session into what happens next
///
/// A coach drops a transcript into a bucket. Debrief parses it, works out who said what, writes a summary for each
/// client in which every sentence shows the words that support it, and emails the coach a review link. What the coach
/// approves goes to the client.
///
/// New here? Run `debrief demo`.
#[derive(Debug, Parser)]
#[command(
    name = "debrief",
    bin_name = "debrief",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_long_help = FIRST_STEPS
)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// Global options have a separate heading.
const GLOBAL: &str = "Global options";

/// The global options.
#[derive(Clone, Debug, Args)]
pub(crate) struct Globals {
    /// The settings file [default: ~/.config/debrief/debrief.toml, for root /etc/debrief/debrief.toml; see `doctor`]
    #[arg(long, global = true, value_name = "FILE", env = "DEBRIEF_CONFIG", help_heading = GLOBAL)]
    config: Option<PathBuf>,
    /// Where a local installation keeps its database, bucket and emails [default: ~/.local/share/debrief, for root
    /// /var/lib/debrief]
    #[arg(long, global = true, value_name = "FOLDER", help_heading = GLOBAL)]
    data_dir: Option<PathBuf>,
    /// Use the data that `debrief demo` created instead of your own installation
    #[arg(long, global = true, help_heading = GLOBAL)]
    demo: bool,
    /// Print JSON: one document, or one per line for lists
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
}

/// The types of the groups and commands have the help texts; a comment here would hide those.
#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    /// Serve the review pages, and the admin page on a separate address
    ///
    /// Runs no jobs: `debrief work` does, on any number of machines, and `debrief up` does both.
    Serve,
    Work(run::Work),
    /// Serve pages and run jobs in one process: all a small installation needs
    Up,
    /// Migrate the database to the current schema
    ///
    /// Run it once after each update, before any other command. The embedded database is migrated automatically.
    Migrate,
    /// Check the settings and everything they refer to
    ///
    /// Checks the database, the bucket, the mail server and the language model, and says what to do about each problem.
    /// Writes one small object to the bucket and removes it; sends no email. Exits with code 1 if there is a problem.
    Doctor(doctor::Doctor),
    Settings(settings::Settings),
    #[command(subcommand)]
    Org(org::Org),
    #[command(subcommand)]
    Coach(coach::Coach),
    #[command(subcommand)]
    People(people::People),
    #[command(subcommand)]
    Client(client::Client),
    #[command(subcommand)]
    Actions(actions::Actions),
    #[command(subcommand)]
    Goals(goals::Goals),
    Drop(drop::DropFiles),
    Inbox(inbox::Inbox),
    #[command(subcommand)]
    Sessions(sessions::Sessions),
    #[command(subcommand)]
    Links(links::Links),
    #[command(subcommand)]
    Keys(keys::Keys),
    Mcp(mcp::Mcp),
    #[command(subcommand)]
    Speakers(speakers::Speakers),
    #[command(subcommand)]
    Templates(templates::Templates),
    #[command(subcommand)]
    Voice(voice::Voice),
    Search(search::Search),
    Costs(costs::Costs),
    #[command(subcommand)]
    Index(index::Index),
    #[command(subcommand)]
    Models(models::Models),
    #[command(subcommand)]
    Export(export::Export),
    #[command(subcommand)]
    Backup(backup::Backup),
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),
    #[command(subcommand)]
    Jobs(jobs::Jobs),
    #[command(subcommand)]
    Schedules(schedules::Schedules),
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Fails only if a provider is already installed, and then it is this one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::tell(&format!("error: can't start threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let code = match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => {
            output::tell(&format!("error: {}", told(&error)));
            ExitCode::FAILURE
        }
    };
    // What is still computing belongs to jobs that were returned: nobody waits for it.
    runtime.shutdown_background();
    code
}

/// The error with its causes, each printed once: most messages already end with their cause.
pub(crate) fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

/// Runs the command until it ends or is interrupted. Either way its values are dropped, so that an embedded database
/// that nobody else uses is stopped.
async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let patient = match &cli.command {
        // These shut down cleanly by themselves when interrupted.
        Command::Serve | Command::Up | Command::Demo(_) => true,
        Command::Work(work) => work.stays(),
        // It waits for an answer from the terminal, which only the default handler interrupts.
        Command::Jobs(_) => true,
        Command::Coach(command) => command.asks(),
        Command::People(command) => command.asks(),
        Command::Links(command) => command.asks(),
        Command::Client(command) => command.asks(),
        Command::Templates(command) => command.edits(),
        _ => false,
    };
    if patient {
        return dispatch(cli).await;
    }
    tokio::select! {
        ended = dispatch(cli) => ended,
        () = run::signal() => Ok(run::interrupted()),
    }
}

async fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let globals = cli.globals;
    match cli.command {
        Command::Demo(command) => command.run(&globals).await,
        Command::Serve => run::serve(&App::start(&globals).await?).await,
        Command::Work(command) => command.run(&App::start(&globals).await?).await,
        Command::Up => run::up(&App::start(&globals).await?).await,
        Command::Migrate => run::migrate(&globals).await,
        Command::Doctor(command) => command.run(&globals).await,
        Command::Settings(command) => command.run(&globals),
        Command::Org(command) => command.run(&App::open(&globals).await?).await,
        Command::Coach(command) => command.run(&App::open(&globals).await?).await,
        Command::People(command) => command.run(&App::open(&globals).await?).await,
        Command::Client(command) => command.run(&App::open(&globals).await?).await,
        Command::Actions(command) => command.run(&App::open(&globals).await?).await,
        Command::Goals(command) => command.run(&App::open(&globals).await?).await,
        Command::Drop(command) => command.run(&App::open(&globals).await?).await,
        Command::Inbox(command) => command.run(&App::open(&globals).await?).await,
        Command::Sessions(command) => command.run(&App::open(&globals).await?).await,
        Command::Templates(command) => command.run(&App::open(&globals).await?).await,
        Command::Voice(command) => command.run(&App::open(&globals).await?).await,
        Command::Links(command) => command.run(&App::open(&globals).await?).await,
        Command::Keys(command) => command.run(&App::open(&globals).await?).await,
        Command::Mcp(command) => {
            let key = mcp::Mcp::key()?;
            command.run(&App::open(&globals).await?, key).await
        }
        Command::Speakers(command) => command.run(&App::open(&globals).await?).await,
        Command::Costs(command) => command.run(&App::open(&globals).await?).await,
        Command::Search(command) => command.run(&App::open(&globals).await?).await,
        Command::Index(command) => command.run(&App::open(&globals).await?).await,
        Command::Models(command) => command.run(&globals).await,
        Command::Export(command) if command.ran_alone()? => Ok(ExitCode::SUCCESS),
        Command::Export(command) => command.run(&App::open(&globals).await?).await,
        Command::Backup(command) => command.run(&globals).await,
        Command::Webhooks(command) => command.run(&App::open(&globals).await?).await,
        Command::Jobs(command) => command.run(&App::open(&globals).await?).await,
        Command::Schedules(command) => command.run(&App::open(&globals).await?).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does() {
        fn check(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{} says nothing of itself", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn the_options_of_every_command_stand_apart_from_its_own() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                let global = ["config", "data_dir", "demo", "json"].contains(&argument.get_id().as_str());
                let apart = argument.get_help_heading() == Some(GLOBAL);
                assert_eq!(apart, global, "{} of {}", argument.get_id(), command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        let mut command = Cli::command();
        command.build();
        check(&command);
        let listing = command.find_subcommand_mut("sessions").and_then(|group| group.find_subcommand_mut("list"));
        let help = listing.expect("the command").render_help().to_string();
        let (own, global) = help.split_once("\nGlobal options:\n").expect("a heading of its own");
        assert!(own.contains("--coach") && global.contains("--json"), "{help}");
    }

    #[test]
    fn a_cause_is_told_once() {
        let cause = std::io::Error::other("the disk is full");
        let error = anyhow::Error::new(cause).context("it failed: the disk is full").context("no export");
        assert_eq!(told(&error), "no export: it failed: the disk is full");
    }
}
