//! What endpoints read: ids, query parameters, JSON bodies, cursors. Each refusal says what is wrong and where.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{header, request::Parts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    call::Stop,
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

impl<T: DeserializeOwned> FromRequestParts<HttpState> for Asked<T> {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, _: &HttpState) -> Result<Self, Stop> {
        let Query(asked) = Query::<T>::try_from_uri(&parts.uri)
            .map_err(|error| Problem::new(Code::BadParameter, error.body_text()))?;
        Ok(Self(asked))
    }
}

/// A JSON body, and the SHA-256 of its bytes.
pub(super) struct Json<T> {
    pub(super) value: T,
    pub(super) sha256: Vec<u8>,
}

impl<T: DeserializeOwned> FromRequest<HttpState> for Json<T> {
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
        let value = serde_json::from_slice(&bytes)
            .map_err(|error| Problem::new(Code::UnreadableBody, format!("The JSON can’t be used: {error}.")))?;
        Ok(Self { value, sha256: Sha256::digest(&bytes).to_vec() })
    }
}

/// A JSON body that may be left out: then it is the default.
pub(super) struct MaybeJson<T> {
    pub(super) value: T,
    pub(super) sha256: Vec<u8>,
}

impl<T: DeserializeOwned + Default> FromRequest<HttpState> for MaybeJson<T> {
    type Rejection = Stop;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Stop> {
        let (parts, body) = request.into_parts();
        // Under the same limit of size.
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state)
            .await
            .map_err(|error| Problem::of_status(error.status()))?;
        if bytes.is_empty() {
            return Ok(Self { value: T::default(), sha256: Sha256::digest(b"").to_vec() });
        }
        let request = Request::from_parts(parts, Body::from(bytes));
        let Json { value, sha256 } = Json::<Option<T>>::from_request(request, state).await?;
        Ok(Self { value: value.unwrap_or_default(), sha256 })
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
            Some(_) => Err(Problem::new(Code::BadParameter, "`limit` is a number from 1 to 200.")),
        }
    }

    /// What follows: the key of the last one shown.
    pub(in crate::http) fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let key = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let wrong = || Problem::new(Code::BadCursor, "Use `next` of the page before, as it is, with the same filters.");
        key.map(Some).ok_or_else(wrong)
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
    /// A page of at most `limit` of `items`, of which one more than that was asked for.
    pub(super) fn of<K: Serialize>(mut items: Vec<T>, limit: i64, key: impl Fn(&T) -> K) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).and_then(|last| cursor(&key(last)));
        Self { items, next }
    }
}

/// The cursor of what follows the one with this key.
pub(in crate::http) fn cursor<K: Serialize>(key: &K) -> Option<String> {
    serde_json::to_vec(key).ok().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}
