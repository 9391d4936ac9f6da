//! The job `rollup.weekly`: computes, stores and emails a coach's week.
//!
//! Reads the week's rows in one snapshot; writes the rollup's row and its email in one transaction. A rerun finds the
//! rollup and changes nothing. A week without sessions has neither a rollup nor an email.

use std::time::Duration;

use chrono::{NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{Figures, compute, mail::message, rows, week};
use crate::{
    db::{TenantTx, Tx},
    mail::{self, MailError, Message, NewMail, Post, Recipient, Trouble, queue_mail},
    queue::{Context, Finished, Job, JobArgs, JobError, blocking},
};

/// Computes and emails a coach's week.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WeeklyRollup {
    /// The coach.
    pub coach_id: Uuid,
    /// The week's first day, a Monday; `None` for the last week that is due.
    #[serde(default)]
    pub first_day: Option<NaiveDate>,
}

struct Coach {
    name: String,
    email: String,
    time_zone: String,
}

impl JobArgs for WeeklyRollup {
    const KIND: &'static str = "rollup.weekly";

    fn unique_key(&self) -> Option<String> {
        let week = self.first_day.map_or_else(|| "last".to_owned(), |day| day.to_string());
        Some(format!("{}:{week}", self.coach_id))
    }
}

impl Job for WeeklyRollup {
    type Needs = Post;

    async fn run(&self, ctx: &Context<Post>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let Some(coach) = self.coach(&mut tx).await? else {
            tracing::info!(target: "rollup", { coach.id = %self.coach_id }, "the coach is gone");
            return ctx.finish(tx, json!({ "outcome": "gone" })).await;
        };
        let time_zone = week::time_zone(self.coach_id, &coach.time_zone);
        let first_day = self.first_day.unwrap_or_else(|| week::due(Utc::now(), time_zone));
        if self.is_there(&mut tx, first_day).await? {
            tracing::info!(target: "rollup", { coach.id = %self.coach_id, rollup.first_day = %first_day },
                "the rollup is there already");
            return ctx.finish(tx, json!({ "outcome": "already done" })).await;
        }
        tx.commit().await?;

        let figures = self.figures(ctx, first_day, time_zone.name()).await?;
        if figures.week.sessions == 0 {
            return ctx.finish(ctx.tenant_tx().await?, json!({ "outcome": "no sessions" })).await;
        }
        self.keep_and_mail(ctx, coach, &figures).await
    }

    /// There is no row to mark: the operator sees the dead job, and the coach is told that a week is missing.
    async fn on_dead(&self, ctx: &Context<Post>, _error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let trouble = Trouble {
            subject_id: ctx.job.id,
            step: "put this together",
            reason: "Something went wrong while we were adding up the week.",
            advice: mail::START_AGAIN,
        };
        let what = ("Your week", self.first_day);
        mail::tell_of(&mut tx, ctx, self.coach_id, what, trouble, ctx.job.correlation_id).await?;
        Ok(tx.commit().await?)
    }
}

impl WeeklyRollup {
    async fn coach(&self, tx: &mut TenantTx) -> Result<Option<Coach>, sqlx::Error> {
        sqlx::query_as!(Coach, "select name, email, time_zone from coaches where id = $1", self.coach_id)
            .fetch_optional(tx.conn())
            .await
    }

    async fn is_there(&self, tx: &mut TenantTx, first_day: NaiveDate) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select exists (select from rollups where coach_id = $1 and kind = 'weekly' and first_day = $2) as "it!""#,
            self.coach_id,
            first_day
        )
        .fetch_one(tx.conn())
        .await
    }

    async fn figures(&self, ctx: &Context<Post>, first_day: NaiveDate, time_zone: &str) -> Result<Figures, JobError> {
        let organization = ctx.job.organization.ok_or_else(|| JobError::abort("a rollup needs an organization"))?;
        let last_day = week::last_day(first_day);
        let mut tx = ctx.db.snapshot(organization, Duration::from_secs(60)).await?;
        let rows = rows::Week { coach_id: self.coach_id, first_day, last_day, time_zone }.read(&mut tx).await?;
        tx.commit().await?;
        Ok(blocking(move || compute::figures(first_day, rows)).await??)
    }

    async fn keep_and_mail(&self, ctx: &Context<Post>, coach: Coach, figures: &Figures) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let organization = tx.tenant();
        let rollup_id = sqlx::query_scalar!(
            "insert into rollups (id, organization_id, coach_id, kind, first_day, last_day, figures)
             values ($1, $2, $3, 'weekly', $4, $5, $6) on conflict on constraint rollups_once do nothing returning id",
            Uuid::now_v7(),
            organization,
            self.coach_id,
            figures.first_day,
            figures.last_day,
            serde_json::to_value(figures)?
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some(rollup_id) = rollup_id else {
            return ctx.finish(tx, json!({ "outcome": "already done" })).await;
        };
        let mail = NewMail {
            message: Message::WeeklyRollup(message(&coach.name, figures)),
            to: Recipient { name: coach.name, email: coach.email },
            reply_to: None,
            subject_id: rollup_id,
            version: 1,
            session_id: None,
            coach_id: Some(self.coach_id),
            client_id: None,
            due_at: None,
            correlation_id: ctx.job.correlation_id,
        };
        let mail_id = queue_mail(&mut tx, ctx, mail).await.map_err(|error| match error {
            MailError::Database(error) => JobError::from(error),
            // Another attempt would hit the same address and the same template.
            error => JobError::abort(error),
        })?;
        tracing::info!(target: "rollup", { coach.id = %self.coach_id, rollup.id = %rollup_id,
            rollup.sessions = figures.week.sessions }, "the week is rolled up");
        ctx.finish(tx, json!({ "outcome": "rolled up", "rollup_id": rollup_id, "mail_id": mail_id })).await
    }
}
