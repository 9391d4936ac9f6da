//! Evaluates attribution on transcripts that nobody on this project wrote.
//!
//! Reads a folder of public corpora (see `USAGE`) and the facts next to this file, which were labeled by hand from
//! the files; prints figures and every miss. Writes nothing. `zoom_identity.csv` says which person a label of a series
//! is; `perhaps` names another possible person if the files leave it open: such pairs aren't counted. `aci_swapped.csv`
//! lists the visits in which the tags of doctor and patient are swapped.

mod identity;
mod roles;

use std::{path::PathBuf, process::ExitCode};

const USAGE: &str = "usage: cargo run --example attribution -- <folder of corpora>

The folder holds any of these, as their authors publish them:
  zoom_calls/<series>/<meeting>/transcript.vtt   github.com/ethereum/pm (CC-BY-SA-3.0), meeting001_transcript.vtt
                                                 from github.com/andrewpknight/zoomGroupStats (MIT)
  aci_bench/{train,valid}.csv and *_metadata.csv github.com/wyim/aci-bench (CC-BY-4.0)
  primock57/*_{doctor,patient}.TextGrid          github.com/babylonhealth/primock57 (CC-BY-4.0)
What is not there is left out.";

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from).filter(|folder| folder.is_dir()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let judged = identity::judge(&folder).and_then(|identity| Ok(identity & roles::judge(&folder)?));
    match judged {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            println!("\nA bar was missed.");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

/// A share of a whole, for display.
fn part(some: usize, all: usize) -> String {
    let percent = if all == 0 { 100.0 } else { 100.0 * f64::from(small(some)) / f64::from(small(all)) };
    format!("{some} of {all} ({percent:.1} %)")
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
