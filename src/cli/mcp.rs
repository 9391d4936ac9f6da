//! `debrief mcp`: an assistant asks over standard input and output. Only the protocol goes to standard output; logs go to
//! standard error.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use debrief_jobs::{audit::Visitor, rights::KeyText};

use super::App;
use crate::http::{api, mcp::Server};

/// The variable with the key.
const KEY: &str = "DEBRIEF_API_KEY";

const SETUP: &str = "\
1. Make a key of the coach. It is shown once. An assistant that reads needs the first three scopes; the fourth lets it ask for
   another draft of a summary. No scope lets it approve or send: no tool does.

   debrief keys create --coach maya --name \"Assistant\" \\
       --scope sessions:read --scope clients:read --scope summaries:read --scope summaries:write

2. Tell the assistant's program how to start this, in its configuration file (claude_desktop_config.json, mcp.json, …):

   {
     \"mcpServers\": {
       \"debrief\": {
         \"command\": \"debrief\",
         \"args\": [\"mcp\"],
         \"env\": { \"DEBRIEF_API_KEY\": \"dbk_…\" }
       }
     }
   }

   Use the whole path of debrief if the program doesn't find it, and add what this command line needs, such as
   [\"--config\", \"/etc/debrief/debrief.toml\", \"mcp\"] or DATABASE_URL.

Without access to the database, use the same key over HTTP: the address of the pages with /mcp (docs/MCP.md).";

/// Let an assistant ask about sessions (Model Context Protocol, over standard input and output)
///
/// A program such as Claude Desktop, an IDE or an agent starts this and asks: it searches and reads sessions, clients, summaries
/// and action items, and may ask for another draft of a summary. It can't approve, send, delete or change people. What it sees is
/// what its API key may see, and each of its calls is in the audit. The key comes from the variable DEBRIEF_API_KEY.
#[derive(Debug, Args)]
#[command(after_long_help = SETUP)]
pub(crate) struct Mcp {}

impl Mcp {
    /// The key of the environment, before anything is opened.
    pub(crate) fn key() -> anyhow::Result<KeyText> {
        const HOW: &str = "make one with `debrief keys create` (`debrief mcp --help` shows how), and set it in the variable \
                           DEBRIEF_API_KEY";
        let text = std::env::var(KEY).unwrap_or_default();
        anyhow::ensure!(!text.trim().is_empty(), "an API key is needed: {HOW}");
        KeyText::parse(text.trim())
            .with_context(|| format!("{KEY} isn't an API key, or not all of it was copied: {HOW}"))
    }

    pub(crate) async fn run(self, app: &App, key: KeyText) -> anyhow::Result<ExitCode> {
        let limits =
            api::Settings { requests_per_minute: app.config.http.api_requests_per_minute, ..Default::default() };
        let visitor = Visitor { agent: Some("debrief mcp".into()), ..Visitor::default() };
        let server = Server::of_key(app.services.clone(), limits, key, visitor).await?.with_context(|| {
            format!("the key in {KEY} is unknown, revoked or expired: make another one with `debrief keys create`")
        })?;
        let (read, write) = rmcp::transport::stdio();
        server.serve(read, write).await?;
        Ok(ExitCode::SUCCESS)
    }
}
