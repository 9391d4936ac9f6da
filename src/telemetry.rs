//! Structured logs and metrics, set up once when the program starts.
//!
//! A job's log line contains its span's fields, including the correlation id, which runs from the object to the email.

use std::io::{IsTerminal, Write, stderr};

use debrief_jobs::{clean, masked};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, fmt::MakeWriter, layer::SubscriberExt, registry::LookupSpan, util::SubscriberInitExt,
};

use crate::config::{Log, LogFormat};

/// Starts logging to standard error, including panics, but without words that they may quote. A second call changes
/// nothing.
pub fn log(settings: &Log) {
    std::panic::set_hook(Box::new(panicked));
    // Filters for other crates, whose messages we already log ourselves; an explicit filter overrides them. A
    // connection found broken on its return to the pool is replaced, as all are when the embedded Postgres stops. For a
    // DATABASE_URL parameter that it doesn't know, sqlx would log the value; rmcp and webauthn-rs would log what callers send.
    const OTHERS: &str = "sqlx_postgres::options=error,sqlx::postgres::notice=warn,apalis_core=warn,sqlx_core::pool::connection=error,rmcp=error,webauthn_rs=error,webauthn_rs_core=error";
    let filter = EnvFilter::try_new(format!("{OTHERS},{}", settings.filter)).unwrap_or_else(|error| {
        eprintln!("the setting log.filter cannot be used, so `info` is: {error}");
        EnvFilter::new(format!("{OTHERS},info"))
    });
    let terminal = stderr().is_terminal();
    let json = match settings.format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let _ = if json {
        registry.with(json_lines(|| Plain { to: stderr(), colour: false })).try_init()
    } else {
        // https://no-color.org
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let writer = move || Plain { to: stderr(), colour };
        registry.with(tracing_subscriber::fmt::layer().with_ansi(colour).with_writer(writer)).try_init()
    };
}

/// One JSON event per line: its own fields at the top level, and those of the enclosing spans once, in `spans`,
/// outermost first.
fn json_lines<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_writer(writer)
}

/// Writes log lines in which no value can control a terminal, start its own line or reverse the following text: some
/// values were written by people, and logs are read on terminals. Of the terminal escapes only the subscriber's own
/// colors stay, if there are any.
struct Plain<W> {
    to: W,
    colour: bool,
}

/// The subscriber's escapes: reset, bold, dim, italic, and the colors of the levels.
const COLOURS: [&str; 9] = ["[0m", "[1m", "[2m", "[3m", "[31m", "[32m", "[33m", "[34m", "[35m"];

impl<W: Write> Plain<W> {
    fn plain(&self, line: &str) -> String {
        let mut parts = line.split('\u{1b}');
        let mut out = parts.next().map(clean::terminal_line).unwrap_or_default().into_owned();
        for part in parts {
            let colour = COLOURS.iter().find(|colour| self.colour && part.starts_with(**colour));
            out.push_str(if colour.is_some() { "\u{1b}" } else { "\\u{1b}" });
            out.push_str(&clean::terminal_line(part));
        }
        out
    }
}

impl<W: Write> Write for Plain<W> {
    /// The subscriber writes each event in one call.
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = self.plain(&masked(text.strip_suffix('\n').unwrap_or(&text)));
        self.to.write_all(format!("{line}\n").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

/// A panic message built at run time may quote what was said: only its location and literal messages are logged.
fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload().downcast_ref::<&str>().copied().unwrap_or("(its message is left out)");
    tracing::error!(target: "panic", { panic.place = place, panic.message = message }, "a fault of the program");
}

/// Starts collecting metrics; the handle renders them in Prometheus' text format.
///
/// # Panics
/// Never panics: the buckets aren't empty.
#[must_use]
pub fn metrics() -> PrometheusHandle {
    const SECONDS: [f64; 12] = [0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0];
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
        .expect("there are buckets")
        .build_recorder();
    let handle = recorder.handle();
    // If there is already a recorder (in tests), it stays in use and this handle stays empty.
    let _ = metrics::set_global_recorder(recorder);
    handle
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>, bool);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Log {
        type Writer = Plain<Self>;
        fn make_writer(&'a self) -> Self::Writer {
            Plain { to: self.clone(), colour: self.1 }
        }
    }

    #[test]
    fn a_line_of_json_names_its_span_once() {
        let log = Log(Arc::default(), false);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(json_lines(log.clone())), || {
            let span =
                tracing::info_span!(target: "test", "job", job.kind = "parse.transcript", correlation.id = "one");
            span.in_scope(|| tracing::info!(target: "test", { words = 3 }, "transcript parsed"));
        });
        let written = String::from_utf8(log.0.lock().expect("nobody panicked").clone()).expect("text");
        let line: serde_json::Value = serde_json::from_str(&written).expect("one line of JSON");
        assert_eq!((&line["message"], &line["words"]), (&"transcript parsed".into(), &3.into()));
        let span = serde_json::json!({ "name": "job", "job.kind": "parse.transcript", "correlation.id": "one" });
        assert_eq!(line["spans"], serde_json::json!([span]));
        assert_eq!(written.matches("correlation.id").count(), 1, "{written}");
    }

    #[test]
    fn no_value_in_the_log_is_obeyed_or_begins_a_line() {
        let hostile = "a\n2026-11-28T00:00:00Z  INFO all is well\u{1b}[2J\u{9b}31m\u{202e}\u{2028}\u{7}b";
        for ansi in [true, false] {
            let log = Log(Arc::default(), ansi);
            let layer = tracing_subscriber::fmt::layer().with_ansi(ansi).with_writer(log.clone());
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
                tracing::warn!(target: "test", { error = %hostile, quoted = hostile }, "{hostile}");
            });
            let written = String::from_utf8(log.0.lock().expect("nobody panicked").clone()).expect("text");
            assert_eq!(written.matches('\n').count(), 1, "{written:?}");
            assert!(!written.contains(['\u{9b}', '\u{202e}', '\u{2028}', '\u{7}']), "{written:?}");
            assert!(!written.contains("\u{1b}[2J"), "{written:?}");
            assert_eq!(written.contains('\u{1b}'), ansi, "colours stay, and only they: {written:?}");
        }
    }
}
