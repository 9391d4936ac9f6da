//! The end of an upload in parts: the whole file goes into the inbox, and only then the upload is complete.

use axum::{body::Bytes, http::StatusCode};
use bytes::BytesMut;
use debrief_jobs::{
    db::Tx,
    rights::Right,
    uploads::{self, Upload},
};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::timeout;

use super::{elsewhere, told};
use crate::http::api::{
    call::{About, Answer, Call, Stop},
    problem::{Code, Problem},
    transcripts::{self, Uploaded},
    upload::{self, File},
};

/// How many parts are read at once.
const AT_ONCE: usize = 8;

/// An upload of which all is there: `from` bytes in parts, and the rest at hand.
pub(super) struct Complete {
    pub(super) call: Call,
    pub(super) upload: Upload,
    pub(super) from: i64,
    pub(super) rest: Bytes,
    /// What the request asks for, and whether it is in the audit.
    pub(super) asks: Vec<u8>,
    pub(super) is_noted: bool,
}

impl Complete {
    /// Puts the file into the inbox. If that fails the upload stays as long as its parts, so its client sends the rest again.
    pub(super) async fn carry_out(self) -> Answer {
        let (call, id) = (&self.call, self.upload.id);
        let mut tx = call.read(Right::TranscriptsWrite).await?;
        let Some(until) = uploads::begin_completion(&mut tx, id, self.from).await? else {
            let now = uploads::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
            return Err(elsewhere(&now).into());
        };
        tx.commit().await?;
        let done = self.put_and_finish().await;
        if matches!(done, Err(Stop::Problem(_))) {
            // If this fails as well, the upload waits until its time for it is over.
            if let Ok(mut tx) = call.read(Right::TranscriptsWrite).await {
                _ = uploads::give_up(&mut tx, id, until).await;
                _ = tx.commit().await;
            }
        }
        done
    }

    async fn put_and_finish(&self) -> Answer {
        let call = &self.call;
        let slow = |_| Problem::new(Code::TimedOut, "The bucket is slow. Send the last part again in a minute.");
        let uploaded = timeout(uploads::COMPLETION / 2, self.put()).await.map_err(slow)??;
        let mut tx = call.change(Right::TranscriptsWrite, &self.asks).await?;
        uploaded.sent(call, &mut tx).await?;
        uploads::finish(&mut tx, self.upload.id, &uploaded.object_key, &uploaded.sha256).await?;
        let upload = uploads::find(&mut tx, self.upload.id).await?.ok_or_else(Problem::not_found)?;
        let headers = told(&upload);
        if self.is_noted {
            return call.ended(tx, StatusCode::NO_CONTENT, &(), &headers).await;
        }
        call.done(tx, About::other(upload.id), StatusCode::NO_CONTENT, &(), &headers).await
    }

    /// Reads the parts, and puts all of it where a file that was sent at once would go.
    async fn put(&self) -> Result<Uploaded, Stop> {
        let (call, upload) = (&self.call, &self.upload);
        // Whoever may not upload for this coach any more is told so now.
        let coach = transcripts::coach(call, Some(&upload.coach)).await?;
        let object_key = upload::key(&coach, upload.date, &upload.file_name)?;
        let mut tx = call.read(Right::TranscriptsWrite).await?;
        let parts = uploads::parts(&mut tx, upload.id).await?;
        drop(tx);
        let bucket = call.state.services.bucket.clone();
        let mut content = BytesMut::with_capacity(usize::try_from(upload.size_bytes).unwrap_or_default());
        let read = move |part: String| {
            let bucket = bucket.clone();
            async move { bucket.get(&part).await }
        };
        let mut parts = stream::iter(parts).map(read).buffered(AT_ONCE);
        while let Some(part) = parts.try_next().await.map_err(|error| upload::away(&error, "last part"))? {
            content.extend_from_slice(&part);
        }
        content.extend_from_slice(&self.rest);
        if i64::try_from(content.len()).ok() != Some(upload.size_bytes) {
            return Err(Problem::internal(&"the parts of an upload are not all there").into());
        }
        let file = File::of(content.freeze()).await?;
        Ok(transcripts::store(call, coach, object_key, file, upload.replaces).await?)
    }
}
