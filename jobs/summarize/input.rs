//! What a provider may know about a session: one client's words, and what the coach said to that client.
//!
//! Reads utterances, attributions and participants in one short transaction. Anything that isn't in
//! [`SessionForClient`] can neither be summarised nor cited: unattributed speech, guests, other clients, the coach's
//! words to others, words that name another client of a group, and what a person asked to keep out of the notes.

use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

use chrono::NaiveDate;
use regex::Regex;
use uuid::Uuid;

use super::{
    addressee::{self, Aside},
    open_threads, other_names,
    template::{self, Occasion, SummaryTemplate},
};
use crate::{
    danger::{self, Indicator, SpokenText},
    db::{TenantTx, Tx},
    language,
    model::{Evidence, Owner, SummaryState},
    names,
    queue::in_place,
    text,
    voice::{self, Voice},
};

/// Who speaks, from the point of view of the client whom the summary is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The coach.
    Coach,
    /// This client.
    Client,
    /// Another client in the session.
    OtherClient,
    /// Neither coach nor client.
    Guest,
}

/// An attributed utterance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Id of the utterance.
    pub id: Uuid,
    /// Its number in the session, from 0; providers cite it.
    pub index: usize,
    /// The speaker's role in this summary.
    pub speaker: Speaker,
    /// The speaker's name.
    pub name: String,
    /// When it was said, in milliseconds, if the transcript has times.
    pub start_ms: Option<i64>,
    /// The words, as transcribed.
    pub text: String,
}

/// A session as far as it concerns one client. After [`SessionForClient::confine`] it only has the client's and the
/// coach's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionForClient {
    /// The date of the session; dates are resolved against it.
    pub session_date: NaiveDate,
    /// The coach's full name.
    pub coach: String,
    /// The client's full name.
    pub client: String,
    /// The names of the session's other clients, as folded words.
    pub other_names: BTreeSet<String>,
    /// The lines, sorted by index.
    pub utterances: Vec<Line>,
    /// What earlier sessions left the client or the coach to do, unless someone has said since that it's done.
    pub threads: Vec<OpenThread>,
    /// What the summary should contain.
    pub template: SummaryTemplate,
    /// How the coach wants it phrased.
    pub voice: Voice,
    /// The sentences that indicate danger, with the numbers of their lines: for the coach alone.
    pub dangers: Vec<Danger>,
    /// The sentences addressed to someone other than coach and client.
    pub asides: Vec<Aside>,
    /// Whether lines were left out because somebody asked not to note them.
    pub has_off_the_record: bool,
    /// The client's share of all that was said, in percent, as the page shows it; `None` if it wasn't measured.
    pub share: Option<i64>,
}

/// A sentence that indicates danger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Danger {
    /// The number of its line.
    pub index: usize,
    /// The sentence, as said.
    pub sentence: String,
    /// What it's a sign of.
    pub why: Indicator,
}

/// An action item from an earlier session with the same client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenThread {
    /// Id of the earlier claim.
    pub claim_id: Uuid,
    /// The sentence of the earlier claim.
    pub text: String,
    /// The date of the earlier session.
    pub session_date: NaiveDate,
    /// The day on which it was first promised, if it has been promised again since.
    pub since: Option<NaiveDate>,
    /// Who was supposed to do it.
    pub owner: Owner,
}

/// The context of a summary as stored, before it's confined to what the client may be told. Used for comparison when
/// it's read again under the session's lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) state: SummaryState,
    pub(super) session_id: Uuid,
    input: SessionForClient,
    signs: Vec<danger::ShownSign>,
}

#[derive(Clone, Debug)]
pub(crate) struct SummaryInput {
    pub(crate) session_id: Uuid,
    pub(crate) input: SessionForClient,
}

/// Reads the session of a summary, confined to its client; `None` if there is no such summary. To confine it outside
/// the transaction, use [`stored`].
///
/// # Errors
/// If the database fails.
pub(crate) async fn load(tx: &mut TenantTx, summary_id: Uuid) -> Result<Option<SummaryInput>, sqlx::Error> {
    Ok(stored(tx, summary_id).await?.map(|stored| in_place(|| stored.confined())))
}

/// Reads what is stored about a summary's session, without computing anything; `None` if there is no such summary.
pub(super) async fn stored(tx: &mut TenantTx, summary_id: Uuid) -> Result<Option<Stored>, sqlx::Error> {
    let Some(row) = sqlx::query!(
        r#"select summaries.state as "state: SummaryState", session_id, client_id, session_date,
                sessions.type as session_type, title, object_key,
                coaches.id as coach_id, coaches.name as coach, coaches.handle, clients.name as client
         from summaries
         join sessions on sessions.id = session_id
         join coaches on coaches.id = sessions.coach_id
         join clients on clients.id = client_id
         where summaries.id = $1"#,
        summary_id
    )
    .fetch_optional(tx.conn())
    .await?
    else {
        return Ok(None);
    };
    let lines = sqlx::query!(
        "select utterances.id, utterances.text, start_ms, kind, participants.client_id, participants.name
         from utterances
         join transcripts on transcripts.id = transcript_id
         join attributions on attributions.session_id = utterances.session_id and attributions.label = utterances.speaker
         join participants on participants.id = attributions.participant_id
         where utterances.session_id = $1 and replaced_at is null
         order by received_at, transcripts.id, position",
        row.session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let utterances: Vec<Line> = lines
        .into_iter()
        .enumerate()
        .map(|(index, line)| Line {
            id: line.id,
            index,
            speaker: match (line.kind.as_str(), line.client_id) {
                ("coach", _) => Speaker::Coach,
                ("client", Some(id)) if id == row.client_id => Speaker::Client,
                ("client", _) => Speaker::OtherClient,
                _ => Speaker::Guest,
            },
            name: line.name,
            start_ms: line.start_ms,
            text: line.text,
        })
        .collect();
    let other_names = load_other_names(tx, row.session_id, row.client_id, (&row.client, &row.coach)).await?;
    let share = sqlx::query_scalar!(
        "select share from participants where session_id = $1 and client_id = $2 and engagement is not null",
        row.session_id,
        row.client_id
    )
    .fetch_optional(tx.conn())
    .await?
    .map(percent);
    let occasion =
        Occasion { coach: &row.handle, session_type: &row.session_type, titles: [&row.title, &row.object_key] };
    let input = SessionForClient {
        template: template::for_session(tx, occasion).await?,
        threads: open_threads::open(tx, (row.session_id, row.session_date), row.client_id, [&row.client, &row.coach])
            .await?,
        session_date: row.session_date,
        coach: row.coach,
        client: row.client,
        other_names,
        utterances,
        voice: voice::for_client(tx, row.coach_id, row.client_id).await?,
        dangers: Vec::new(),
        asides: Vec::new(),
        has_off_the_record: false,
        share,
    };
    let signs = danger::signs_to_show(tx, row.session_id).await?;
    Ok(Some(Stored { state: row.state, session_id: row.session_id, input, signs }))
}

impl Stored {
    /// Whether both would result in the same summary.
    pub(super) fn is_of_same_words(&self, other: &Self) -> bool {
        self.input == other.input && self.signs == other.signs
    }

    pub(super) fn template(&self) -> &SummaryTemplate {
        &self.input.template
    }

    /// The part that the client may be told; slow for a long session.
    pub(super) fn confined(self) -> SummaryInput {
        let Self { session_id, mut input, signs, .. } = self;
        input.mark(signs);
        let mut voice = std::mem::take(&mut input.voice);
        voice.examples.retain(|(before, after)| !input.names_another(before) && !input.names_another(after));
        input.voice = voice;
        input.confine();
        SummaryInput { session_id, input }
    }
}

/// Rounded as on the page.
#[expect(clippy::cast_possible_truncation, reason = "a share is from 0 to 1")]
pub(super) fn percent(share: f64) -> i64 {
    (share * 100.0).round() as i64
}

/// All words of the names, labels and aliases of the session's other clients.
async fn load_other_names(
    tx: &mut TenantTx,
    session_id: Uuid,
    client_id: Uuid,
    (client, coach): (&str, &str),
) -> Result<BTreeSet<String>, sqlx::Error> {
    let names = sqlx::query_scalar!(
        r#"with others as (
               select id, client_id, name from participants
               where session_id = $1 and kind = 'client' and client_id <> $2)
           select name as "name!" from others
           union select clients.name from clients join others on others.client_id = clients.id
           union select label from attributions join others on others.id = participant_id
           union select written from aliases join others on others.client_id = aliases.client_id"#,
        session_id,
        client_id
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(other_names::of(names.iter().map(String::as_str), client, coach))
}

/// A request to keep something out of the notes.
static OFF_THE_RECORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\boff the record\b|\b(?:don['’]?t|do not|not to) (?:put|write|include|have|note|mention) (?:that|this|it)(?: \w+)? (?:in|into|down)\b|\b(?:keep|leave) (?:that|this|it) (?:out of|between us)",
    )
    .expect("a constant pattern")
});

/// Whether a turn ends in a question; a question asked before another client answers was put to that client.
fn is_question(text: &str) -> bool {
    text::asks(text)
}

impl SessionForClient {
    /// The client's name as used in sentences: see [`names::short`].
    #[must_use]
    pub fn client_short(&self) -> &str {
        names::short(&self.client, &self.coach)
    }

    /// Whether the session is in English, or nothing shows that it's in another language.
    #[must_use]
    pub fn is_english(&self) -> bool {
        let said: Vec<&str> = self.utterances.iter().map(|line| line.text.as_str()).collect();
        language::not_english(&said).is_none()
    }

    /// The coach's name as used in sentences: see [`names::short`].
    #[must_use]
    pub fn coach_short(&self) -> &str {
        names::short(&self.coach, &self.client)
    }

    /// The line with this number.
    #[must_use]
    pub fn line(&self, index: usize) -> Option<&Line> {
        self.utterances.binary_search_by_key(&index, |line| line.index).ok().map(|at| &self.utterances[at])
    }

    /// The quote as evidence, if the line with this number contains it.
    #[must_use]
    pub fn cite(&self, index: usize, quote: &str) -> Option<Evidence> {
        let line = self.line(index)?;
        Some(Evidence {
            utterance_id: line.id,
            speaker: line.name.clone(),
            start_ms: line.start_ms,
            quote: text::locate(&line.text, quote)?.to_owned(),
        })
    }

    /// Whether `text` names another client in the session.
    #[must_use]
    pub fn names_another(&self, text: &str) -> bool {
        other_names::named(self, text)
    }

    /// Keeps only the client's lines and the coach's lines to this client, without anything that names another client
    /// or that someone asked to keep out of the notes.
    pub fn confine(&mut self) {
        self.asides = addressee::asides(self);
        let group = !self.other_names.is_empty();
        let own_names = text::name_words([self.client.as_str()].into_iter());
        let mut keep: Vec<bool> = Vec::with_capacity(self.utterances.len());
        // Whether the coach says the previous line to this client and names no other.
        let mut to_client = false;
        for at in 0..self.utterances.len() {
            let line = &self.utterances[at];
            let names_another = group && self.names_another(&line.text);
            to_client = group
                && line.speaker == Speaker::Coach
                && !names_another
                && self.is_to_client(at, to_client, &own_names);
            keep.push(match line.speaker {
                Speaker::Client => !names_another,
                Speaker::Coach => !group || to_client,
                Speaker::OtherClient | Speaker::Guest => false,
            });
        }
        for at in 0..self.utterances.len() {
            if OFF_THE_RECORD.is_match(&self.utterances[at].text) {
                keep[at] = false;
                self.has_off_the_record = true;
                // "Don't put that in the notes." alone refers to what the same person said just before.
                let asks_only = text::words(&self.utterances[at].text).len() <= 9;
                if asks_only && at > 0 && self.utterances[at - 1].speaker == self.utterances[at].speaker {
                    keep[at - 1] = false;
                }
            }
        }
        let mut keep = keep.into_iter();
        self.utterances.retain(|line| keep.next().unwrap_or(false) && line.text.chars().any(char::is_alphanumeric));
        // Signs in someone else's words, or in words to be kept out of the notes, only appear at the top of the coach's
        // page.
        let mut dangers = std::mem::take(&mut self.dangers);
        dangers.retain(|danger| self.line(danger.index).is_some());
        self.dangers = dangers;
        let mut asides = std::mem::take(&mut self.asides);
        asides.retain(|aside| self.line(aside.index).is_some());
        self.asides = asides;
    }

    /// Stores the signs by line number; those whose line isn't included are dropped.
    fn mark(&mut self, seen: Vec<danger::ShownSign>) {
        let places: HashMap<Uuid, usize> = self.utterances.iter().map(|line| (line.id, line.index)).collect();
        let danger = |seen: danger::ShownSign| {
            Some(Danger { index: *places.get(&seen.utterance_id)?, sentence: seen.sentence, why: seen.why })
        };
        self.dangers = seen.into_iter().filter_map(danger).collect();
        self.dangers.sort_by_key(|danger| danger.index);
    }

    /// Detects danger if no signs are stored: in a sample or a test. Call it before confining.
    pub(crate) fn listen(&mut self) {
        let said: Vec<SpokenText<'_>> =
            self.utterances.iter().map(|line| SpokenText { speaker: Some(&line.name), text: &line.text }).collect();
        let danger = |sign: danger::Sign| Danger {
            index: self.utterances[sign.utterance].index,
            sentence: said[sign.utterance].text[sign.sentence].to_owned(),
            why: sign.why,
        };
        self.dangers = danger::signs(&said).into_iter().map(danger).collect();
    }

    /// Whether the coach's line at `at` of a group session is addressed to this client: it names the client, answers
    /// the client directly, or continues a line that does (`before_is`: the previous line is addressed to the client).
    /// A question before another client's turn is addressed to that client.
    fn is_to_client(&self, at: usize, before_is: bool, own_names: &BTreeSet<String>) -> bool {
        let lines = &self.utterances;
        let text = &lines[at].text;
        if text::runs(text).iter().any(|word| other_names::is_name(&text::fold(&word.normal), own_names)) {
            return true;
        }
        let before = at.checked_sub(1).map(|before| &lines[before]);
        let after = lines.get(at + 1);
        let asked_of_another = is_question(text) && after.is_some_and(|next| next.speaker == Speaker::OtherClient);
        match before {
            Some(line) if line.speaker == Speaker::Client => !asked_of_another,
            Some(line) if line.speaker == Speaker::Coach => {
                let goes_on = !line.text.trim_end().ends_with(['.', '?', '!', '…', '。', '？', '！']);
                let asks_client = after.is_some_and(|next| next.speaker == Speaker::Client);
                (goes_on || asks_client) && !asked_of_another && before_is
            }
            _ => false,
        }
    }
}
