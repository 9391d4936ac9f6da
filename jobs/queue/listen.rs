//! The listener: one per process, on its own connection. It only makes things faster: polling is the truth.

use std::{sync::Arc, time::Duration};

use sqlx::postgres::{PgListener, PgPoolOptions};

use super::worker::Process;

/// The pause before listening again.
const PAUSE: Duration = Duration::from_secs(1);

/// Wakes the claiming task on each notification, until it is dropped.
pub(super) async fn listen(process: Arc<Process>) {
    let mut failing = false;
    loop {
        if let Err(error) = listen_until_lost(&process, &mut failing).await
            && !failing
        {
            tracing::warn!(target: "queue", %error, "the listener is lost; polling goes on");
            failing = true;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen_until_lost(process: &Process, failing: &mut bool) -> Result<(), sqlx::Error> {
    let options = process.db.pool().connect_options();
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with((*options).clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen("debrief_jobs").await?;
    *failing = false;
    loop {
        // `None` means that the connection was lost and reopened: notifications in between are lost, so poll.
        let _ = listener.try_recv().await?;
        process.wake.notify_one();
    }
}
