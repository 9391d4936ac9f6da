//! The body of a part: taken piece by piece into the bucket, so that little is lost when a connection breaks. On a slow line
//! what came is kept every few seconds, and the part ends in time, to go on with another.

use axum::body::{Body, Bytes};
use bytes::BytesMut;
use debrief_jobs::{
    db::Tx,
    rights::Right,
    uploads::{self, Added, Upload},
};
use futures::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::elsewhere;
use crate::http::api::{
    call::{About, Call, Stop},
    problem::{Code, Problem},
    upload,
};

/// What is written to the bucket at once. A connection that breaks costs no more than the rest of it.
const PIECE: usize = 4 << 20;

/// A part that is being received.
pub(super) struct Part<'a> {
    call: &'a Call,
    upload: &'a Upload,
    /// How much of the upload is there.
    pub(super) at: i64,
    /// What came and isn't kept: at the end, all the rest of the upload, or nothing.
    pub(super) rest: BytesMut,
    /// Whether this request is in the audit.
    pub(super) is_noted: bool,
}

/// How a body ended.
enum End {
    /// All of it came.
    Whole,
    /// The connection broke.
    Broken,
    /// It takes too long for one request.
    Late,
}

impl<'a> Part<'a> {
    pub(super) fn of(call: &'a Call, upload: &'a Upload) -> Self {
        Self { call, upload, at: upload.received_bytes, rest: BytesMut::new(), is_noted: false }
    }

    /// Takes what comes. What would complete the upload isn't kept as a part: it is left in `rest`.
    pub(super) async fn take(&mut self, body: Body) -> Result<(), Stop> {
        let times = self.call.state.api.part_times;
        let (end, mut pause) = (Instant::now() + times.longest, Instant::now() + times.kept_every);
        let mut stream = body.into_data_stream();
        let ended = loop {
            match timeout_at(end.min(pause), stream.next()).await {
                Ok(None) => break End::Whole,
                Ok(Some(Err(_))) => break End::Broken,
                Ok(Some(Ok(bytes))) => self.add(&bytes)?,
                Err(_) => {}
            }
            let now = Instant::now();
            if now >= end {
                break End::Late;
            }
            if self.rest.len() >= PIECE || now >= pause {
                self.keep().await?;
                pause = now + times.kept_every;
            }
        };
        self.keep().await?;
        match ended {
            // If all of the upload came, it doesn't matter what became of the connection.
            End::Broken if self.rest.is_empty() => {
                let detail = format!("The part broke off; {} bytes are there: go on from that.", self.at);
                Err(Problem::new(Code::UnreadableBody, detail).into())
            }
            End::Whole | End::Broken | End::Late => Ok(()),
        }
    }

    fn add(&mut self, bytes: &Bytes) -> Result<(), Problem> {
        self.rest.extend_from_slice(bytes);
        if self.at + self.length() > self.upload.size_bytes {
            let detail = format!("The upload has {} bytes, and this would be more.", self.upload.size_bytes);
            return Err(Problem::new(Code::BodyTooLarge, detail));
        }
        Ok(())
    }

    fn length(&self) -> i64 {
        i64::try_from(self.rest.len()).unwrap_or(i64::MAX)
    }

    /// Puts what came into the bucket, then into the upload, if nobody else was faster.
    async fn keep(&mut self) -> Result<(), Stop> {
        let (call, id, size) = (self.call, self.upload.id, self.length());
        if size == 0 || self.at + size == self.upload.size_bytes {
            return Ok(());
        }
        let bucket = &call.state.services.bucket;
        let key = uploads::part_key(call.caller.organization, id, self.at);
        bucket.put(&key, self.rest.split().freeze()).await.map_err(|error| upload::away(&error, "part"))?;
        let mut tx = call.read(Right::TranscriptsWrite).await?;
        let added = uploads::add_part(&mut tx, id, self.at, size, &key).await?;
        if added == Added::Yes {
            let is_noted = std::mem::replace(&mut self.is_noted, true);
            if is_noted {
                tx.commit().await?
            } else {
                call.changed(tx, About::other(id)).await?
            }
            self.at += size;
            return Ok(());
        }
        let now = uploads::find(&mut tx, id).await?;
        drop(tx);
        // If this fails, the job that tidies up finds it.
        _ = bucket.delete(&key).await;
        Err(match now {
            None => Problem::not_found(),
            Some(_) if added == Added::TooMany => {
                let detail = format!(
                    "The upload has {} parts, which is the most. End it, and send the file in larger ones.",
                    uploads::MOST_PARTS
                );
                Problem::new(Code::WrongState, detail)
            }
            Some(now) => elsewhere(&now),
        }
        .into())
    }
}
