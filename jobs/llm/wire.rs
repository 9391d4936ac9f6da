//! What all providers have in common on the wire: a request, a reply, and the meaning of an HTTP status if the provider
//! says no more. A provider is a file next to this one with an implementation of [`Wire`].

use std::{fmt, time::Duration};

use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;
use url::Url;

use super::{LlmError, Usage, schema::Ordered};
use crate::web;

/// At most this of an endpoint's Retry-After is honored.
const LONGEST_WISH: Duration = Duration::from_secs(3600);

/// A provider's form of requests and answers. Pure: the client sends them.
pub(super) trait Wire: fmt::Debug + Send + Sync {
    /// Its name, as in the settings and in the ledger.
    fn name(&self) -> &'static str;
    /// Where requests go.
    fn endpoint(&self) -> &Url;
    /// How many ways there are to request an answer's shape, strictest first.
    fn rungs(&self) -> u8;
    /// Adds the key and other headers.
    fn authorize(&self, request: RequestBuilder) -> RequestBuilder;
    /// The body of a request.
    fn body(&self, ask: &Ask<'_>, manner: Dialect) -> Value;
    /// Parses a response with HTTP 200.
    ///
    /// # Errors
    /// Returns an error if it isn't an answer from this provider.
    fn read(&self, body: &[u8]) -> Result<Answer, LlmError>;
    /// What the provider means by an error, if the status alone doesn't say it.
    fn means(&self, _refused: &Refused) -> Option<Meaning> {
        None
    }
    /// The URL of the list of models; `None` if there is none.
    fn models(&self) -> Option<Url>;
    /// The names in that list; `None` if it isn't one.
    fn names(&self, list: &Value) -> Option<Vec<String>> {
        let names = list.get("data")?.as_array()?.iter();
        Some(names.filter_map(|model| Some(model.get("id")?.as_str()?.to_owned())).collect())
    }
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    pub(super) model: &'a str,
    /// The constant part, so that endpoints can cache it.
    pub(super) system: &'a str,
    /// The alternating turns of user and model; the user is first and last.
    pub(super) turns: &'a [String],
    /// The schema of the answer.
    pub(super) schema: &'a Value,
    pub(super) max_output_tokens: Option<u32>,
}

impl Ask<'_> {
    /// The instructions with the schema as text, for an endpoint that doesn't accept one.
    pub(super) fn system_with_schema(&self) -> String {
        format!(
            "{}\n\nAnswer with one JSON object that fits this JSON schema, and nothing else:\n{}",
            self.system,
            Ordered(self.schema)
        )
    }
}

/// What the endpoint is known not to accept: learned from its errors, kept for the life of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dialect {
    /// The way to request the answer's shape, from 0, the strictest.
    pub(super) rung: u8,
    /// Without `temperature` and `seed`.
    pub(super) plain: bool,
    /// With the newer name for the answer's length limit.
    pub(super) new_limit: bool,
}

impl Dialect {
    /// The next dialect to try with an endpoint that doesn't accept `what`, of so many ways to request a shape; `None` if
    /// there's no other.
    pub(super) fn without(self, what: Unsupported, rungs: u8) -> Option<Self> {
        match what {
            Unsupported::Shape if self.rung + 1 < rungs => Some(Self { rung: self.rung + 1, ..self }),
            Unsupported::Sampling if !self.plain => Some(Self { plain: true, ..self }),
            Unsupported::Limit if !self.new_limit => Some(Self { new_limit: true, ..self }),
            _ => None,
        }
    }
}

/// A part of a request that the endpoint rejects, so that it is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsupported {
    /// This way to request a shape.
    Shape,
    /// `temperature` or `seed`.
    Sampling,
    /// `max_tokens`.
    Limit,
}

/// What an error means.
#[derive(Debug)]
pub(super) enum Meaning {
    Unsupported(Unsupported),
    Failed(LlmError),
}

/// An answer, as far as it could be read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) id: Option<String>,
    pub(super) usage: Usage,
    /// The answer's text, if it is complete.
    pub(super) content: Result<String, LlmError>,
}

/// An endpoint's response.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// An error from the endpoint. Its text can quote the transcript, so it is examined but never passed on.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: u16,
    /// The error's code, if it looks like one.
    pub(super) code: Option<String>,
    /// The body.
    pub(super) json: Value,
    /// The whole body in lower case.
    pub(super) text: String,
    pub(super) retry_after: Option<Duration>,
}

impl Refused {
    pub(super) fn of(reply: &Reply) -> Self {
        let json: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        Self {
            status: reply.status.as_u16(),
            code: code(&json),
            text: String::from_utf8_lossy(&reply.body).to_lowercase(),
            retry_after: web::retry_after(&reply.headers, LONGEST_WISH),
            json,
        }
    }

    /// Whether the body contains one of these words.
    pub(super) fn says(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.text.contains(word))
    }

    pub(super) fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// What the status means, and what to do about it. `section` is that of the model's settings.
    pub(super) fn by_status(&self, section: &str) -> LlmError {
        let told = self.code.as_deref().map(|code| format!(", {code}")).unwrap_or_default();
        let number = self.status;
        match number {
            429 => LlmError::Limited(self.retry_after),
            503 | 529 => LlmError::Busy(self.retry_after),
            402 => LlmError::Misconfigured(format!(
                "the language model's account cannot pay (HTTP 402{told}): settle that with its provider, then retry the job"
            )),
            401 | 403 => LlmError::Misconfigured(format!(
                "the language model's endpoint rejects the key (HTTP {number}{told}): check the setting \
                 {section}.api_key and what the key may use, then retry the job"
            )),
            404 => LlmError::Misconfigured(format!(
                "the language model's endpoint doesn't know this address or model (HTTP 404{told}): check the settings \
                 {section}.url and {section}.model, then retry the job"
            )),
            413 => LlmError::TooLong,
            408 | 409 | 425 | 500.. => LlmError::Unavailable(format!("HTTP {number}{told}")),
            _ => LlmError::Misconfigured(format!(
                "the language model's endpoint rejects the request (HTTP {number}{told}): check the settings \
                 {section}.url and {section}.model, then retry the job"
            )),
        }
    }
}

/// The error's code, if it looks like one: a body can quote the transcript, a code can't.
fn code(json: &Value) -> Option<String> {
    // Older releases of vLLM put the error at the top level.
    let error = json.get("error").filter(|error| error.is_object()).unwrap_or(json);
    let code = ["code", "type", "status"].iter().find_map(|key| error.get(key).and_then(Value::as_str))?;
    let plain = code.len() <= 60 && code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    plain.then(|| code.to_owned())
}

/// Appends to the path of `base`. A query of the base is kept.
pub(super) fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}
