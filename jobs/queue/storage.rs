//! Our storage for apalis-core's extension point: a backend whose tasks come from the claiming task.
//!
//! `poll_next` never yields an error, so that trouble with Postgres can't end a worker. It ends when the claiming task
//! does, at shutdown, after the last job that it claimed.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use apalis_core::{
    backend::{Backend, BackendConfig, finalize::Ephemeral},
    task::{Task, builder::TaskBuilder, task_id::TaskId},
    worker::context::WorkerContext,
};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{JobInfo, catalogue::Kind, finish::FinishLayer, flights::Seat, worker::Process};

/// A job that this process holds.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub(super) info: JobInfo,
    pub(super) kind: Kind,
    pub(super) args: Value,
    pub(super) seat: Arc<Seat>,
}

/// The backend of one worker. Clones share the jobs, so that a restarted worker continues with them.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    pub(super) process: Arc<Process>,
    pub(super) jobs: Arc<Mutex<mpsc::Receiver<Claimed>>>,
}

impl Backend for Storage {
    type Task = Task<Claimed>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Task<Claimed>, Infallible>>> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.poll_recv(cx).map(|claimed| {
            claimed.map(|claimed| {
                let id = TaskId::from_string(format!("{}/{}", claimed.info.id, claimed.info.fence));
                Ok(TaskBuilder::new(claimed).task_id(id).build())
            })
        })
    }

    fn poll_close(&mut self, _: &mut Context<'_>, worker: &WorkerContext) -> Poll<Result<(), Infallible>> {
        // A backend that has ended must stop its worker, which would otherwise wait forever.
        if !worker.is_shutting_down() {
            let _ = worker.stop();
        }
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for Storage {
    type Args = Claimed;
    type Id = String;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = FinishLayer;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> FinishLayer {
        FinishLayer { process: Arc::clone(&self.process) }
    }
}
