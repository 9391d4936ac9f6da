//! The command line: one file a command group.
//!
//! Results go to standard output, all else to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done in part.

mod app;
mod demo;
mod doctor;
mod export;
mod jobs;
mod output;
mod people;
mod run;
mod schedules;
mod search;
mod sessions;
mod speakers;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

pub(crate) use app::App;

/// Turns what was said in a coaching session into what happens after it.
///
/// A coach drops a transcript into a bucket. Debrief parses it, works out who said what, writes a summary for each
/// client in which every sentence shows the words that support it, and mails the coach a review link. What the coach
/// approves goes to the client.
///
/// New here? Run `debrief demo`.
#[derive(Debug, Parser)]
#[command(name = "debrief", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Globals {
    /// The settings file [default: the XDG folder's debrief/debrief.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE", env = "DEBRIEF_CONFIG")]
    config: Option<PathBuf>,
    /// Where the embedded database, the bucket and the mails of a laptop live [default: an XDG data folder]
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Print JSON: one document, or one a line for lists
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show it all: a demo organization, its transcripts worked through, the pages to click on
    Demo(demo::Demo),
    /// Serve the review pages, and the admin page on its own address
    Serve,
    /// Run jobs
    Work(run::Work),
    /// Serve and work in one process
    Up,
    /// Bring the database to this binary's schema
    Migrate,
    /// Check the settings and everything they name; exit code 1 when something is amiss
    Doctor,
    /// Organizations
    #[command(subcommand)]
    Org(people::Org),
    /// Coaches
    #[command(subcommand)]
    Coach(people::Coach),
    /// Clients
    #[command(subcommand)]
    Client(people::Client),
    /// Sessions and where they stand
    #[command(subcommand)]
    Sessions(sessions::Sessions),
    /// The speakers whom a session waits for
    #[command(subcommand)]
    Speakers(speakers::Speakers),
    /// Search what was said and what was summarised
    Search(search::Search),
    /// Exports
    #[command(subcommand)]
    Export(export::Export),
    /// The queue
    #[command(subcommand)]
    Jobs(jobs::Jobs),
    /// Schedules
    #[command(subcommand)]
    Schedules(schedules::Schedules),
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Fails only when a provider is installed already, which is then the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no threads to be had: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(dispatch(cli)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let globals = cli.globals;
    match cli.command {
        Command::Demo(command) => command.run(&globals).await,
        Command::Serve => run::serve(&App::open(&globals).await?).await,
        Command::Work(command) => command.run(&App::open(&globals).await?).await,
        Command::Up => run::up(&App::open(&globals).await?).await,
        Command::Migrate => run::migrate(&globals).await,
        Command::Doctor => doctor::run(&globals).await,
        Command::Org(command) => command.run(&App::open(&globals).await?).await,
        Command::Coach(command) => command.run(&App::open(&globals).await?).await,
        Command::Client(command) => command.run(&App::open(&globals).await?).await,
        Command::Sessions(command) => command.run(&App::open(&globals).await?).await,
        Command::Speakers(command) => command.run(&App::open(&globals).await?).await,
        Command::Search(command) => command.run(&App::open(&globals).await?).await,
        Command::Export(command) => command.run(&App::open(&globals).await?).await,
        Command::Jobs(command) => command.run(&App::open(&globals).await?).await,
        Command::Schedules(command) => command.run(&App::open(&globals).await?).await,
    }
}
