//! The client of one model: requests an answer of a given type, within its limits and the budget, and never the same
//! twice.
//!
//! An answer's shape is requested as strictly as the endpoint allows, checked here whatever the endpoint promised, and
//! requested once more if it doesn't fit. Reads and writes the ledger, the results and the endpoint's row.

mod make;

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Call, LlmError, Usage,
    ledger::{self, Called, Settled},
    limits::Limits,
    price::{self, Learned, Prices},
    results::{self, Key, StoredResult},
    schema::{self, Ordered},
    settings::{AskBy, Profile},
    wire::{Answer, Ask, Dialect, Meaning, Refused, Reply, Unsupported, Wire},
};
use crate::clean;

/// No answer needs more than this; an endpoint that sends more is broken.
const MAX_ANSWER_BYTES: usize = 4 << 20;

/// A client of one model.
#[derive(Debug)]
pub struct Client {
    pub(super) wire: Box<dyn Wire>,
    pub(super) http: reqwest::Client,
    pub(super) profile: Profile,
    pub(super) model: String,
    limits: Limits,
    prices: Prices,
    learned: Learned,
    /// The budget of organizations without their own, in micro-dollars per month.
    budget: Option<i64>,
    /// What the endpoint is known to accept.
    dialect: Mutex<Dialect>,
    /// Whether sessions are asked about section by section.
    /// Whether it could not write a whole summary.
    is_small: AtomicBool,
}

/// A prompt: the constant part comes first, so that endpoints can cache it.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The instructions.
    pub system: String,
    /// What the instructions apply to.
    pub user: String,
}

/// How a request ended without an answer.
enum Ended {
    /// The endpoint doesn't accept this form; with the error if there is no other.
    Unsupported(Unsupported, LlmError),
    Failed(LlmError),
}

/// The result of one request.
pub(super) struct RequestOutcome {
    pub(super) usage: Usage,
    request_id: Option<String>,
    pub(super) content: Result<String, LlmError>,
    pub(super) unsupported: Option<Unsupported>,
    /// Whether it certainly cost nothing.
    free: bool,
}

impl Client {
    /// The name of the model in the settings.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.profile.name
    }

    /// The provider.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        self.wire.name()
    }

    /// The model, as its provider calls it.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// How many characters of a transcript fit in one call.
    #[must_use]
    pub fn part_characters(&self) -> usize {
        self.profile.part_characters
    }

    /// How it's asked about a session: by its setting; [`AskBy::Passage`] also if it could not write a whole summary since
    /// this process started.
    #[must_use]
    pub fn ask_by(&self) -> AskBy {
        match self.profile.ask_by {
            AskBy::Auto if self.is_small.load(Ordering::Relaxed) => AskBy::Passage,
            set => set,
        }
    }

    /// From now on it isn't asked for a whole summary, unless the settings insist.
    pub(crate) fn ask_small_questions(&self) {
        self.is_small.store(true, Ordering::Relaxed);
    }

    /// Whether the settings state its price.
    pub(super) fn is_priced(&self) -> bool {
        self.prices.known()
    }

    fn called(&self) -> Called<'_> {
        Called {
            profile: &self.profile.name,
            section: &self.profile.section,
            provider: self.wire.name(),
            model: &self.model,
        }
    }

    /// Requests an answer of type `T`, and once more if the answer doesn't fit. The same request isn't paid for twice
    /// within days. No transaction may be open: a call takes minutes.
    ///
    /// # Errors
    /// See [`LlmError`]: each kind says what its job should do.
    pub async fn ask<T: DeserializeOwned + JsonSchema>(&self, call: &Call<'_>, prompt: &Prompt) -> Result<T, LlmError> {
        let schema = schema::strict::<T>();
        let key = Key::of(call, self.called(), prompt, &schema);
        match results::find(call, self.called(), &key).await? {
            Some(StoredResult::TooLong) => return Err(LlmError::TooLong),
            Some(StoredResult::Answer(answer)) => {
                if let Ok(value) = parse(&answer) {
                    return Ok(value);
                }
            }
            None => {}
        }
        let fits = |answer: &str| parse::<T>(answer).is_ok();
        let request = Request { call, system: &prompt.system, schema: &schema, key: &key, fits: &fits };
        let mut turns = vec![prompt.user.clone()];
        let answer = self.chat(&request, &turns).await?;
        let problem = match parse::<T>(&answer) {
            Ok(value) => return Ok(value),
            Err(problem) => problem,
        };
        tracing::info!(target: "llm", { llm.task = call.task, llm.model = %self.model }, "The answer does not fit its schema; asking once more");
        let repair = format!(
            "That is not the JSON that was asked for: {problem}. Answer again, with one JSON object that fits this \
             schema and nothing else:\n{}",
            Ordered(&schema)
        );
        turns.extend([answer, repair]);
        let answer = self.chat(&request, &turns).await?;
        // The details may quote the answer, which quotes the session, so they aren't passed on.
        parse(&answer).map_err(|_| LlmError::Unusable("its JSON does not fit the schema, asked twice".into()))
    }

    /// One answer as text, in the strictest form that the endpoint accepts.
    async fn chat(&self, request: &Request<'_>, turns: &[String]) -> Result<String, LlmError> {
        loop {
            let dialect = self.dialect();
            match self.send(request, turns, dialect).await {
                Ok(content) => return Ok(content),
                Err(Ended::Failed(error)) => return Err(error),
                Err(Ended::Unsupported(what, error)) => {
                    let Some(next) = dialect.without(what, self.wire.rungs()) else { return Err(error) };
                    // Another call may have learned the same in the meantime.
                    let mut known = self.dialect.lock().unwrap_or_else(PoisonError::into_inner);
                    if *known == dialect {
                        *known = next;
                    }
                }
            }
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        *self.dialect.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one request: waits for its turn, writes its ledger row first and settles it afterwards.
    async fn send(&self, request: &Request<'_>, turns: &[String], dialect: Dialect) -> Result<String, Ended> {
        let call = request.call;
        let ask = Ask {
            model: &self.model,
            system: request.system,
            turns,
            schema: request.schema,
            max_output_tokens: self.profile.max_output_tokens,
        };
        let reserved = self.learned.tokens(call.task, &ask);
        let turn = self.limits.reserve(call.db, reserved).await.map_err(Ended::Failed)?;
        tokio::time::sleep_until(turn).await;
        let started = ledger::start(call, self.called(), self.prices.estimate(&ask), self.budget).await;
        let id: Uuid = match started {
            Ok(id) => id,
            Err(error) => {
                // Nothing is sent, so its tokens are free for others.
                self.limits.give_back(call.db, reserved).await.map_err(Ended::Failed)?;
                return Err(Ended::Failed(error));
            }
        };
        let mut outcome = self.outcome(self.post(&self.wire.body(&ask, dialect)).await);
        if outcome.content.is_ok() && price::was_cut_off(&ask, outcome.usage) {
            tracing::warn!(target: "llm", { llm.model = %self.model, llm.input_tokens = outcome.usage.input_tokens },
                "The endpoint has read only a part of the prompt: give the model a larger context, or make part_characters smaller");
            outcome.content = Err(LlmError::TooLong);
        }
        if let (Some(input), Some(output)) = (outcome.usage.input_tokens, outcome.usage.output_tokens) {
            self.learned.learn(call.task, &ask, f64::from(input) + f64::from(output));
        }
        self.settle(request, id, reserved, &outcome).await.map_err(Ended::Failed)?;
        if matches!(outcome.content, Err(LlmError::Limited(_)))
            && ledger::is_limited_for_ever(call).await.map_err(Ended::Failed)?
        {
            let section = &self.profile.section;
            return Err(Ended::Failed(LlmError::Misconfigured(format!(
                "the language model's endpoint keeps reporting too many requests (HTTP 429): is the account's quota \
                 used up? If not, set {section}.requests_per_minute and {section}.tokens_per_minute to what it allows, \
                 then retry the job"
            ))));
        }
        match (outcome.unsupported, outcome.content) {
            (Some(what), Err(error)) => Err(Ended::Unsupported(what, error)),
            (_, content) => content.map_err(Ended::Failed),
        }
    }

    /// Interprets the result of a request.
    pub(super) fn outcome(&self, reply: Result<Reply, LlmError>) -> RequestOutcome {
        let failed = |error: LlmError, free| RequestOutcome {
            usage: Usage::default(),
            request_id: None,
            content: Err(error),
            unsupported: None,
            free,
        };
        let reply = match reply {
            Ok(reply) => reply,
            Err(error) => {
                let free = !matches!(error, LlmError::BrokeOff(_));
                return failed(error, free);
            }
        };
        let header = ["x-request-id", "request-id", "apim-request-id"].iter().find_map(|name| reply.headers.get(*name));
        let request_id = header.and_then(|header| Some(header.to_str().ok()?.chars().take(200).collect::<String>()));
        let mut outcome = if reply.status.is_success() {
            // The answer is stored, so characters that can't be are replaced, both in the envelope and in the answer.
            let body = String::from_utf8_lossy(&reply.body);
            match self.wire.read(clean::json(&body).as_bytes()) {
                Ok(Answer { id, usage, content }) => {
                    let content = content.map(|content| clean::json(&content).into_owned());
                    RequestOutcome { usage, request_id: id, content, unsupported: None, free: false }
                }
                Err(error) => failed(error, false),
            }
        } else {
            let refused = Refused::of(&reply);
            let by_status = refused.by_status(&self.profile.section);
            match self.wire.means(&refused) {
                Some(Meaning::Failed(error)) => failed(error, true),
                Some(Meaning::Unsupported(what)) => {
                    RequestOutcome { unsupported: Some(what), ..failed(by_status, true) }
                }
                None => failed(by_status, true),
            }
        };
        outcome.request_id = request_id.or(outcome.request_id);
        outcome
    }

    /// Settles a request with the limits and in the ledger, and keeps its answer if it fits.
    async fn settle(
        &self,
        request: &Request<'_>,
        id: Uuid,
        reserved: f64,
        outcome: &RequestOutcome,
    ) -> Result<(), LlmError> {
        let error = outcome.content.as_ref().err();
        let used = match (outcome.usage.input_tokens, outcome.usage.output_tokens) {
            (Some(input), output) => f64::from(input) + f64::from(output.unwrap_or(0)),
            // The endpoint doesn't count a refused request either, apart from the request itself.
            _ if outcome.free => 0.0,
            _ => reserved,
        };
        self.limits.settle(request.call.db, reserved, used, error).await?;
        let result = match &outcome.content {
            Ok(answer) if (request.fits)(answer) => Some((request.key, Some(answer.as_str()))),
            Err(LlmError::TooLong) => Some((request.key, None)),
            _ => None,
        };
        let settled = Settled {
            usage: outcome.usage,
            cost: if outcome.free { Some(0) } else { self.prices.cost(outcome.usage) },
            request_id: outcome.request_id.as_deref(),
            error,
            result,
        };
        let outcome = error.map_or("succeeded", LlmError::kind);
        metrics::counter!("debrief_llm_calls_total", "provider" => self.provider(), "task" => request.call.task, "outcome" => outcome)
            .increment(1);
        ledger::settle(request.call, id, settled).await
    }

    /// Posts the body and reads the response up to a reasonable size.
    pub(super) async fn post(&self, body: &Value) -> Result<Reply, LlmError> {
        let request = self.http.post(self.wire.endpoint().clone()).json(&Ordered(body));
        let mut response = self.wire.authorize(request).send().await.map_err(|error| self.unavailable(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unavailable(&error))? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(LlmError::BrokeOff("it sends more than any answer needs".into()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, headers, body })
    }

    fn unavailable(&self, error: &reqwest::Error) -> LlmError {
        if error.is_builder() {
            let section = &self.profile.section;
            LlmError::Misconfigured(format!(
                "no request can be made of the settings {section}.url and {section}.api_key: is there a line break in the key?"
            ))
        } else if error.is_connect() {
            LlmError::Unavailable("no connection".into())
        } else if error.is_timeout() {
            LlmError::BrokeOff(format!("no answer within {} seconds", self.profile.timeout_seconds))
        } else {
            LlmError::BrokeOff("the connection broke off".into())
        }
    }
}

/// What stays constant while an answer is requested.
struct Request<'a> {
    call: &'a Call<'a>,
    system: &'a str,
    schema: &'a Value,
    key: &'a Key,
    fits: &'a (dyn Fn(&str) -> bool + Sync),
}

/// Parses the one JSON object of an answer, whatever is around it: a model's thoughts, a fence.
pub(super) fn parse<T: DeserializeOwned>(answer: &str) -> Result<T, String> {
    let answer = answer.rsplit_once("</think>").map_or(answer, |(_, answer)| answer);
    let (Some(from), Some(to)) = (answer.find('{'), answer.rfind('}')) else {
        return Err("it has no JSON object".into());
    };
    let object = answer.get(from..=to).ok_or("it has no JSON object")?;
    serde_json::from_str(object).map_err(|error| error.to_string())
}
