//! The table: MB/s, memory, and how the others compare with Debrief.

use crate::{Run, inputs::Input};

/// The name of Debrief's own reader.
pub const OURS: &str = "debrief";
/// The name of the layer below it, which returns the same as other caption readers: cues.
pub const OUR_CUES: &str = "debrief, cues";

/// A reader's result for an input.
#[derive(Debug)]
pub struct Row {
    pub input: &'static str,
    pub reader: String,
    pub note: &'static str,
    pub bytes: usize,
    pub holds: usize,
    pub runs: Vec<Run>,
    pub trouble: Option<String>,
}

impl Row {
    pub fn of(input: &Input, reader: &str, note: &'static str) -> Self {
        let (bytes, holds) = (input.bytes, input.holds);
        Self { input: input.name, reader: reader.to_owned(), note, bytes, holds, runs: Vec::new(), trouble: None }
    }

    fn seconds(&self) -> Vec<f64> {
        let mut seconds: Vec<f64> = self.runs.iter().map(|run| run.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        seconds
    }

    /// MB/s in the best and the median round.
    #[allow(clippy::cast_precision_loss, reason = "sizes of files are far smaller")]
    fn speed(&self) -> Option<(f64, f64)> {
        let seconds = self.seconds();
        let megabytes = self.bytes as f64 / 1e6;
        Some((megabytes / seconds.first()?, megabytes / seconds.get(seconds.len() / 2)?))
    }

    #[allow(clippy::cast_precision_loss, reason = "memory is far smaller")]
    fn peak_mb(&self) -> f64 {
        self.runs.iter().map(|run| run.peak_kib).max().unwrap_or(0) as f64 * 1024.0 / 1e6
    }

    fn found(&self) -> usize {
        self.runs.first().map_or(0, |run| run.found)
    }

    /// How many times faster Debrief is: the median over the rounds.
    fn slower_than(&self, ours: &Self) -> Option<f64> {
        let mut ratios: Vec<f64> =
            self.runs.iter().zip(&ours.runs).map(|(run, our)| run.seconds / our.seconds).collect();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied()
    }
}

/// Prints all rows.
pub fn print(rows: &[Row], json: bool) {
    let our = |row: &Row, name: &str| {
        let other = row.reader != OURS && row.reader != OUR_CUES;
        let our = rows.iter().find(|our| our.input == row.input && our.reader == name);
        our.filter(|_| other).and_then(|our| row.slower_than(our))
    };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    if json {
        let rows: Vec<_> = rows.iter().map(|row| as_json(row, our(row, OURS), our(row, OUR_CUES))).collect();
        println!("{}", serde_json::json!({ "load": load.trim(), "rows": rows }));
        return;
    }
    println!(
        "| input | MB | holds | reader | MB/s best | MB/s median | peak MB | Debrief is faster by | its cues by | finds |"
    );
    println!("|---|--:|--:|---|--:|--:|--:|--:|--:|---|");
    let mut last = "";
    for row in rows {
        let (input, size, holds) = if row.input == last {
            (String::new(), String::new(), String::new())
        } else {
            (row.input.to_owned(), format!("{:.1}", row.megabytes()), row.holds.to_string())
        };
        last = row.input;
        let reader = if row.note.is_empty() { row.reader.clone() } else { format!("{} ({})", row.reader, row.note) };
        match (row.speed(), &row.trouble) {
            (Some((best, median)), None) => {
                let times = |name| our(row, name).map_or(String::new(), |ratio| format!("{ratio:.1}×"));
                let (whole, cues) = (times(OURS), times(OUR_CUES));
                let found = if row.found() == row.holds { "all".to_owned() } else { format!("**{}**", row.found()) };
                println!(
                    "| {input} | {size} | {holds} | {reader} | {best:.0} | {median:.0} | {:.0} | {whole} | {cues} | {found} |",
                    row.peak_mb()
                );
            }
            (_, trouble) => {
                let trouble = trouble.as_deref().unwrap_or("not run");
                println!("| {input} | {size} | {holds} | {reader} | | | | | | {trouble} |");
            }
        }
    }
    println!("\nload average at the end: {}", load.trim());
}

impl Row {
    #[allow(clippy::cast_precision_loss, reason = "sizes of files are far smaller")]
    fn megabytes(&self) -> f64 {
        self.bytes as f64 / 1e6
    }
}

fn as_json(row: &Row, whole: Option<f64>, cues: Option<f64>) -> serde_json::Value {
    serde_json::json!({
        "input": row.input, "bytes": row.bytes, "holds": row.holds, "reader": row.reader, "note": row.note,
        "seconds": row.seconds(), "mb_per_second": row.speed().map(|(best, median)| [best, median]),
        "peak_mb": row.peak_mb(), "found": row.found(), "slower_than_debrief": whole, "slower_than_its_cues": cues,
        "trouble": row.trouble,
    })
}
