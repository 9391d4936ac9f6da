//! Structured logs and metrics, set up once at the start of the program.
//!
//! A job's line carries its span's fields, among them the correlation id that goes from the object to the mail.

use std::io::{IsTerminal, stderr};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Log, LogFormat};

/// Starts logging to standard error; panics too, without words that they may quote. A second call changes nothing.
pub fn log(settings: &Log) {
    std::panic::set_hook(Box::new(panicked));
    // What others say of themselves is said by us already; a filter that names them has the last word. A connection that is
    // found broken as it comes back is replaced: so it is with every one when the embedded Postgres stops.
    const OTHERS: &str = "sqlx::postgres::notice=warn,apalis_core=warn,sqlx_core::pool::connection=error";
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
        registry.with(tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(stderr)).try_init()
    } else {
        // https://no-color.org
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        registry.with(tracing_subscriber::fmt::layer().with_ansi(colour).with_writer(stderr)).try_init()
    };
}

/// A panic's message made at run time may quote what was said: only its place and a message that is a literal are told.
fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload().downcast_ref::<&str>().copied().unwrap_or("(its message is left out)");
    tracing::error!(target: "panic", { panic.place = place, panic.message = message }, "a fault of the program");
}

/// Starts collecting metrics; the handle renders them in Prometheus' text format.
///
/// # Panics
/// Never: the buckets are not empty.
#[must_use]
pub fn metrics() -> PrometheusHandle {
    const SECONDS: [f64; 12] = [0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0];
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
        .expect("there are buckets")
        .build_recorder();
    let handle = recorder.handle();
    // Where there is a recorder already (tests), that one goes on and this handle stays empty.
    let _ = metrics::set_global_recorder(recorder);
    handle
}
