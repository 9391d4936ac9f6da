//! What endpoints read: ids, query parameters, JSON bodies, cursors. Each refusal says what is wrong and where.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{Uri, header, request::Parts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    call::Stop,
    expected,
    problem::{Code, Problem},
};
use crate::http::HttpState;

/// An id in the path. What is no id is nothing that is there.
pub(super) struct Id(pub(super) Uuid);

impl FromRequestParts<HttpState> for Id {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Stop> {
        let Path(id) = Path::<Uuid>::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        Ok(Self(id))
    }
}

/// Two ids in the path.
pub(super) struct Ids(pub(super) Uuid, pub(super) Uuid);

impl FromRequestParts<HttpState> for Ids {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Stop> {
        let ids = Path::<(Uuid, Uuid)>::from_request_parts(parts, state).await;
        let Path((one, other)) = ids.map_err(|_| Problem::not_found())?;
        Ok(Self(one, other))
    }
}

/// Query parameters.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned + IntoParams> FromRequestParts<HttpState> for Asked<T> {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, _: &HttpState) -> Result<Self, Stop> {
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let asked = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(query));
        let wrong = |error: serde_path_to_error::Error<serde::de::value::Error>| {
            expected::of_query::<T>(&error.path().to_string(), &error.inner().to_string())
        };
        Ok(Self(asked.map_err(wrong)?))
    }
}

/// A JSON body, and the SHA-256 of its bytes.
pub(super) struct Json<T> {
    pub(super) value: T,
    pub(super) sha256: Vec<u8>,
}

impl<T: DeserializeOwned + ToSchema> FromRequest<HttpState> for Json<T> {
    type Rejection = Stop;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Stop> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_json = content_type.is_some_and(|value| {
            let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
        });
        if !is_json {
            let detail = "Send JSON with Content-Type: application/json.";
            return Err(Problem::new(Code::UnsupportedMediaType, detail).into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|error| Problem::of_status(error.status()))?;
        Ok(Self { value: parsed(&bytes)?, sha256: Sha256::digest(&bytes).to_vec() })
    }
}

/// What JSON says, if it's what the schema of `T` has.
fn parsed<T: DeserializeOwned + ToSchema>(json: &[u8]) -> Result<T, Problem> {
    // All bodies are objects, and serde would take the values of a list for those of the fields.
    if json.trim_ascii_start().starts_with(b"[") {
        return Err(expected::of_body::<T>(".", "it’s a list"));
    }
    let mut text = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut text).map_err(|error| {
        if error.inner().is_data() {
            return expected::of_body::<T>(&error.path().to_string(), &error.inner().to_string());
        }
        Problem::new(Code::UnreadableBody, format!("The body isn’t JSON: {}.", error.inner()))
    })?;
    text.end().map_err(|error| Problem::new(Code::UnreadableBody, format!("The body isn’t JSON: {error}.")))?;
    Ok(value)
}

/// A JSON body that may be left out: then it is the default.
pub(super) struct MaybeJson<T> {
    pub(super) value: T,
    pub(super) sha256: Vec<u8>,
}

impl<T: DeserializeOwned + Default + ToSchema> FromRequest<HttpState> for MaybeJson<T> {
    type Rejection = Stop;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Stop> {
        let (parts, body) = request.into_parts();
        // Under the same limit of size.
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state)
            .await
            .map_err(|error| Problem::of_status(error.status()))?;
        if bytes.is_empty() || bytes.trim_ascii() == b"null" {
            return Ok(Self { value: T::default(), sha256: Sha256::digest(&bytes).to_vec() });
        }
        let request = Request::from_parts(parts, Body::from(bytes));
        let Json { value, sha256 } = Json::from_request(request, state).await?;
        Ok(Self { value, sha256 })
    }
}

/// Tells a field that is left out from one that is `null`.
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// A whole number. Some languages write 1 as `1.0`.
pub(super) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    let number = f64::deserialize(deserializer)?;
    let is_whole = number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
    if !is_whole {
        return Err(serde::de::Error::custom("a whole number is expected"));
    }
    // In range and whole, as was just looked.
    #[allow(clippy::cast_possible_truncation)]
    Ok(number as i32)
}

/// A whole number that may be left out, or be `null`.
pub(super) fn whole_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    #[derive(Deserialize)]
    struct Whole(#[serde(deserialize_with = "whole")] i32);
    Ok(Option::<Whole>::deserialize(deserializer)?.map(|Whole(number)| number))
}

/// How much of a list, and from where.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Paging {
    /// At most this many, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(in crate::http) limit: Option<u16>,
    /// `next` of the page before.
    pub(in crate::http) cursor: Option<String>,
}

impl Paging {
    /// How many are wanted.
    pub(super) fn limit(&self) -> Result<i64, Problem> {
        match self.limit {
            None => Ok(50),
            Some(limit @ 1..=200) => Ok(i64::from(limit)),
            Some(_) => Err(Problem::parameter("limit", "must be a whole number from 1 to 200")),
        }
    }

    /// What follows in this list: the key of the last one shown.
    pub(in crate::http) fn after<K: DeserializeOwned>(&self, list: List) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
        let key = bytes.strip_prefix(&list.0).and_then(|key| serde_json::from_slice(key).ok());
        let wrong = || {
            let detail = "The cursor isn’t of this list with these filters. Use `next` of the page before, as it is, with the \
                          same filters.";
            Problem::new(Code::BadCursor, detail)
        };
        key.map(Some).ok_or_else(wrong)
    }
}

/// A list with its filters, as a cursor knows it: the cursor of another one would leave out or repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct List([u8; 6]);

impl List {
    /// The list of this name.
    pub(in crate::http) fn named(name: &str) -> Self {
        let mut list = [0; 6];
        list.copy_from_slice(&Sha256::digest(name)[..6]);
        Self(list)
    }

    /// The list of this name, with these filters, which don't have the place and the size of a page yet.
    pub(in crate::http) fn filtered(name: &str, filters: &impl std::fmt::Debug) -> Self {
        Self::named(&format!("{name} {filters:?}"))
    }

    /// The list at this address: its path and its filters, in whatever order and however they're encoded.
    pub(super) fn at(uri: &Uri) -> Self {
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let mut filters: Vec<_> = query.filter(|(name, _)| name != "cursor" && name != "limit").collect();
        filters.sort_unstable();
        let filters = form_urlencoded::Serializer::new(String::new()).extend_pairs(filters).finish();
        Self::named(&format!("{}?{filters}", uri.path()))
    }
}

/// A part of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// What is on it.
    pub(super) items: Vec<T>,
    /// The cursor of the next page; `null` on the last.
    pub(super) next: Option<String>,
}

impl<T> Page<T> {
    /// A page of at most `limit` of `items` of a list, of which one more than that was asked for.
    pub(super) fn of<K: Serialize>(list: List, mut items: Vec<T>, limit: i64, key: impl Fn(&T) -> K) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).and_then(|last| cursor(list, &key(last)));
        Self { items, next }
    }
}

/// The cursor of what follows the one with this key in a list.
pub(in crate::http) fn cursor<K: Serialize>(list: List, key: &K) -> Option<String> {
    let key = serde_json::to_vec(key).ok()?;
    Some(URL_SAFE_NO_PAD.encode([list.0.as_slice(), &key].concat()))
}
