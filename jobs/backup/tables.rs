//! What is in a backup: every table and column of the schema, in one list. A test holds it against the schema, so a
//! table or column that is added and forgotten here fails it.
//!
//! Tables are in the order in which they are loaded: what a row refers to comes before it. Pure.
//!
//! What was on its way when the backup was made is at rest in it, since nobody can know what became of it afterwards:
//! a letter to a client that was held or being sent has an unknown outcome, so its coach decides; an email to a coach is
//! cancelled. Of the queue there is what computes, and nothing that sends.

/// A table of the backup.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns that are in the backup as they are.
    pub kept: &'static str,
    /// Its columns that are in the backup as what an expression gives.
    pub changed: &'static [(&'static str, &'static str)],
    /// Its columns that aren't in the backup; a restored row has their defaults. What Postgres computes (generated
    /// columns) is in none of the three.
    pub left: &'static str,
    /// Which rows are in the backup; all of them if it's empty.
    pub only: &'static str,
}

impl Table {
    /// The names of the columns in the backup, in order.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.kept.split_whitespace().chain(self.changed.iter().map(|(name, _)| *name))
    }

    /// What is selected for each of [`Table::columns`].
    pub(super) fn expressions(&self) -> impl Iterator<Item = String> {
        let kept = self.kept.split_whitespace().map(|name| format!("{name:?}"));
        kept.chain(self.changed.iter().map(|(name, expression)| format!("({expression}) as {name:?}")))
    }
}

/// Why a table isn't in the backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It holds keys, tokens, hashes of passwords or sealed secrets.
    Secret,
    /// It says what other software is told, with addresses that may hold its tokens.
    Connection,
    /// It holds for minutes or days, or is made again by itself.
    Passing,
    /// It is about this installation, and not about anybody's data.
    Installation,
}

const fn kept(name: &'static str, kept: &'static str) -> Table {
    Table { name, kept, changed: &[], left: "", only: "" }
}

/// The error of an email that could have been sent after the backup was made.
const UNKNOWN: &str = "case when state in ('queued', 'sending')
    then 'restored from a backup: whether it was sent since then isn’t known' else error end";
/// What a job's kind must be to be in the backup: it computes, or is the next step of a session. None of them repeats
/// an email: those that were written are in `mails`, at rest.
pub const KEPT_JOBS: [&str; 12] = [
    "parse.transcript",
    "attribute.session",
    "attribute.correct",
    "attribute.drop_threads",
    "summarize.client",
    "summarize.look_again",
    "refine.summary",
    "review.request",
    "review.ask_for_speakers",
    "index.session",
    "index.summary",
    "bucket.remove",
];
/// The kinds of job that are in no backup. They send what may have been sent since then, or are the clock's own.
pub const LEFT_JOBS: [&str; 24] = [
    "mail.send",
    "follow_up.send",
    "follow_up.readdress",
    "review.fresh_link",
    "sign_in.mail_links",
    "ingest.tell_coach",
    "ingest.reject",
    "webhook.deliver",
    "webhook.send_waiting",
    "webhook.tell_paused",
    "webhook.tidy",
    "index.count",
    "ingest.scan_inbox",
    "rollup.due",
    "rollup.weekly",
    "export.all",
    "export.organization",
    "reconcile",
    "queue.prune",
    "llm.expire_answers",
    "upload.remove",
    "upload.tidy",
    "backup.run",
    "backup.prove",
];

/// The tables of the backup, in the order in which they are loaded.
#[rustfmt::skip]
pub const TABLES: &[Table] = &[
    kept("organizations", "id handle name time_zone created_at admins_read_sessions require_second_factor"),
    kept("coaches", "id organization_id handle name email time_zone created_at removed_at roles"),
    kept("teams", "id organization_id name created_at"),
    kept("team_members", "organization_id team_id coach_id leads"),
    kept("clients", "id organization_id coach_id name email tags created_at updated_at greeting removed_at merged_into"),
    kept("aliases", "organization_id coach_id normalized written client_id is_coach is_guest source created_at is_shared"),
    kept("sessions", "id organization_id coach_id title type session_date date_source object_key state failed_stage
        failed_reason correlation_id created_at updated_at closed_at named_by_clients begins_at words_replaced_at"),
    kept("transcripts", "id organization_id session_id object_key etag stored_key sha256 size_bytes object_time format
        warnings rejected_reason received_at parsed_at detected role stem unused_reason came_late"),
    kept("utterances", "id organization_id session_id transcript_id position label start_ms end_ms text voice replaced_at"),
    kept("summaries", "id organization_id session_id client_id state failed_reason version approved_version approved_hash
        approved_at created_at updated_at rewrite_reason withdrawn_reason stands_in_for stands_in_why"),
    kept("action_item_states", "organization_id lasting_id summary_id state since note told_by told_at"),
    kept("summary_versions", "organization_id summary_id version author provider model prompt_version content_hash
        claims_dropped created_at template"),
    kept("claims", "id organization_id summary_id version section audience position text edited score support lasting_id"),
    kept("action_items", "organization_id claim_id owner due_date due_words"),
    kept("participants", "id organization_id session_id kind client_id name speaking_seconds words turns
        longest_turn_seconds longest_turn_words questions interruptions share engagement"),
    kept("attributions", "organization_id session_id label participant_id confidence reason decided_at by_coach is_shared
        basis is_refused"),
    kept("audit_events", "id organization_id session_id link_id summary_id kind detail address agent at person_id key_id
        client_id"),
    kept("bucket_objects", "bucket object_key etag size_bytes object_time first_seen_at outcome reason organization_id"),
    kept("chat_messages", "organization_id session_id transcript_id position author recipient at_ms text"),
    kept("chunks", "id organization_id coach_id session_id client_id source version start_ms end_ms text content_sha256 words
        language length section utterances"),
    kept("corrections", "id organization_id coach_id session_id normalized was_written was_client_id was_coach was_guest
        was_shared was_by_correction made_at applied_at sessions_changed"),
    kept("danger_signs", "organization_id session_id utterance_id kind why from_byte to_byte"),
    kept("embeddings", "organization_id chunk_id model embedding"),
    kept("evidence", "organization_id claim_id utterance_id quote"),
    kept("goals", "id organization_id coach_id client_id text due_date state since note told_by told_at summary_id
        lasting_id created_by created_at updated_at"),
    Table {
        changed: &[
            // A link is a way in.
            ("message", "case when carries_link and message is not null then ''::bytea else message end"),
            ("state", "case when state in ('queued', 'sending') then case kind when 'follow_up' then 'uncertain' else 'cancelled' end
                            when state = 'failed' and carries_link then 'cancelled' else state end"),
            ("error", UNKNOWN),
        ],
        ..kept("mails", "id organization_id kind subject_id recipient version session_id coach_id client_id subject message_id
            message_sha256 carries_link due_at fence correlation_id created_at sent_at recipient_name erased_at")
    },
    Table {
        // What was to be told is in `debrief inbox`; it may have been told since.
        changed: &[("told_at", "coalesce(told_at, now())")],
        ..kept("inbox_notices", "id organization_id coach_id session_id about kind object_key reason what_to_do created_at
            mail_id kept")
    },
    Table {
        changed: &[("state", "case state when 'running' then 'due' else state end")],
        left: "attempt leased_until leased_by kills progress output started_at tell_at is_alone kills_alone",
        only: "state in ('due', 'running', 'dead') and kind = any ($kinds)",
        ..kept("jobs", "id organization_id kind args unique_key priority run_at max_attempts fence errors correlation_id
            created_at finished_at")
    },
    kept("llm_calls", "id organization_id session_id task provider model prompt_version state input_tokens cached_tokens
        output_tokens cost_micro_usd request_id error started_at finished_at profile reserved_micro_usd"),
    kept("misdeliveries", "id organization_id session_id summary_id mail_id claim_ids found_at"),
    kept("objects_to_remove", "organization_id coach_id session_id object_key begun_at removed_at"),
    kept("organization_llm", "organization_id write_profile map_profile budget_micro_usd updated_at"),
    kept("provider_accounts", "organization_id issuer subject person_id created_at"),
    kept("refinements", "id organization_id summary_id base_version instruction state version reason created_at finished_at"),
    kept("rollups", "id organization_id coach_id kind first_day last_day figures created_at"),
    kept("session_attendees", "id organization_id session_id transcript_id name other_names email label was_there seconds
        source"),
    kept("summary_templates", "id organization_id name version definition retired created_at"),
    kept("threads", "organization_id claim_id earlier_claim_id outcome since"),
    kept("voice_examples", "id organization_id coach_id client_id summary_id before_text after_text created_at"),
    kept("voice_rules", "id organization_id coach_id kind rule from_words to_words source active removed created_at"),
];

/// The tables that are in no backup, with all of their columns.
pub const LEFT: &[(&str, Why)] = &[
    ("credentials", Why::Secret),
    ("recovery_codes", Why::Secret),
    ("passkeys", Why::Secret),
    ("sign_ins", Why::Secret),
    ("refresh_tokens", Why::Secret),
    ("one_time_links", Why::Secret),
    ("address_changes", Why::Secret),
    ("provider_requests", Why::Secret),
    ("api_keys", Why::Secret),
    ("review_links", Why::Secret),
    ("review_visits", Why::Secret),
    ("passkey_challenges", Why::Secret),
    // Answers that were given to programs.
    ("idempotency_keys", Why::Secret),
    ("webhooks", Why::Connection),
    ("webhook_deliveries", Why::Connection),
    ("request_counts", Why::Passing),
    ("search_counts", Why::Passing),
    ("search_common_words", Why::Passing),
    ("llm_results", Why::Passing),
    ("llm_endpoints", Why::Passing),
    ("queue_turns", Why::Passing),
    // Without its last tick a schedule begins anew, and makes up for none.
    ("schedules", Why::Passing),
    ("schedule_ticks", Why::Passing),
    ("uploads", Why::Passing),
    ("upload_parts", Why::Passing),
    // Their files aren't in the backup either; the next one is written the next night.
    ("exports", Why::Passing),
    ("backup_records", Why::Installation),
    ("_sqlx_migrations", Why::Installation),
];

/// What people notice is missing after a restore: the table, and what to call it.
pub const MISSED: [(&str, &str); 6] = [
    ("credentials", "passwords and authenticator apps"),
    ("passkeys", "passkeys"),
    ("sign_ins", "open sign-ins"),
    ("api_keys", "API keys"),
    ("review_links", "review links"),
    ("webhooks", "webhooks"),
];
