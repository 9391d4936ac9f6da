//! The kinds of problems: a code, a status and a title each. One table, which `docs/API.md` shows.

use axum::http::StatusCode;

/// A kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// Nothing says who asks.
    NoCredentials,
    /// The key or token is unknown, revoked or expired.
    BadCredentials,
    /// No role of the caller has the right.
    RoleForbids,
    /// The API key lacks the scope.
    ScopeMissing,
    /// There is no such thing, or it isn't the caller's.
    NotFound,
    /// The path exists, but not with this method.
    MethodNotAllowed,
    /// A browser sent it from another site.
    OtherSite,
    /// The code of the second factor is missing or isn't taken.
    CodeDue,
    /// An access token can't do this; an API key can.
    KeyNeeded,
    /// The body isn't what the endpoint reads.
    UnreadableBody,
    /// The body is too large.
    BodyTooLarge,
    /// The body's media type isn't one that the endpoint reads.
    UnsupportedMediaType,
    /// A query parameter can't be used.
    BadParameter,
    /// The cursor is not one of ours.
    BadCursor,
    /// Some values can't be used; `errors` names them.
    Invalid,
    /// Too many requests.
    TooManyRequests,
    /// The idempotency key can't be used, or was used for another request.
    IdempotencyKey,
    /// The request must say which version it changes.
    MatchRequired,
    /// It has changed since that version.
    VersionChanged,
    /// Another version of the tus protocol.
    OtherTusVersion,
    /// Its state doesn't allow this.
    WrongState,
    /// The recipient isn't the one that was shown.
    RecipientChanged,
    /// Sentences speak about the client instead of to the client.
    SpeaksAboutClient,
    /// Nothing in it is for the client.
    NothingForClient,
    /// Another one has this name or address.
    Taken,
    /// Something else failed here.
    Internal,
    /// The database or the bucket can't be reached.
    Away,
    /// It took too long.
    TimedOut,
    /// The operator hasn't set this up.
    NotSetUp,
}

impl Code {
    /// All codes, in the order of their numbers.
    pub const ALL: [Self; 29] = [
        Self::NoCredentials,
        Self::BadCredentials,
        Self::RoleForbids,
        Self::ScopeMissing,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::OtherSite,
        Self::CodeDue,
        Self::KeyNeeded,
        Self::UnreadableBody,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::BadParameter,
        Self::BadCursor,
        Self::Invalid,
        Self::TooManyRequests,
        Self::IdempotencyKey,
        Self::MatchRequired,
        Self::VersionChanged,
        Self::OtherTusVersion,
        Self::WrongState,
        Self::RecipientChanged,
        Self::SpeaksAboutClient,
        Self::NothingForClient,
        Self::Taken,
        Self::Internal,
        Self::Away,
        Self::TimedOut,
        Self::NotSetUp,
    ];

    /// Its code, status and title.
    #[must_use]
    pub const fn entry(self) -> (&'static str, StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::NoCredentials => ("COACH_001", S::UNAUTHORIZED, "Sign in first"),
            Self::BadCredentials => ("COACH_002", S::UNAUTHORIZED, "This key, token or password doesn’t work"),
            Self::RoleForbids => ("COACH_003", S::FORBIDDEN, "Your role doesn’t allow this"),
            Self::ScopeMissing => ("COACH_004", S::FORBIDDEN, "The API key lacks a scope"),
            Self::NotFound => ("COACH_005", S::NOT_FOUND, "Not found"),
            Self::MethodNotAllowed => ("COACH_006", S::METHOD_NOT_ALLOWED, "Method not allowed"),
            Self::OtherSite => ("COACH_007", S::FORBIDDEN, "This came from another site"),
            Self::CodeDue => ("COACH_008", S::UNAUTHORIZED, "The second factor is missing"),
            Self::KeyNeeded => ("COACH_009", S::FORBIDDEN, "This takes an API key"),
            Self::UnreadableBody => ("COACH_010", S::BAD_REQUEST, "The body can’t be read"),
            Self::BodyTooLarge => ("COACH_011", S::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::UnsupportedMediaType => ("COACH_012", S::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type"),
            Self::BadParameter => ("COACH_013", S::BAD_REQUEST, "A parameter can’t be used"),
            Self::BadCursor => ("COACH_014", S::UNPROCESSABLE_ENTITY, "The cursor can’t be used"),
            Self::Invalid => ("COACH_015", S::UNPROCESSABLE_ENTITY, "Some values can’t be used"),
            Self::TooManyRequests => ("COACH_020", S::TOO_MANY_REQUESTS, "Too many requests"),
            Self::IdempotencyKey => ("COACH_021", S::UNPROCESSABLE_ENTITY, "The idempotency key can’t be used"),
            Self::MatchRequired => ("COACH_030", S::PRECONDITION_REQUIRED, "Say which version you change"),
            Self::VersionChanged => ("COACH_031", S::PRECONDITION_FAILED, "It has changed"),
            Self::OtherTusVersion => ("COACH_032", S::PRECONDITION_FAILED, "Another version of the tus protocol"),
            Self::WrongState => ("COACH_040", S::CONFLICT, "Not possible in this state"),
            Self::RecipientChanged => ("COACH_041", S::CONFLICT, "The recipient has changed"),
            Self::SpeaksAboutClient => {
                ("COACH_042", S::UNPROCESSABLE_ENTITY, "A sentence talks about the client, not to them")
            }
            Self::NothingForClient => ("COACH_043", S::UNPROCESSABLE_ENTITY, "There’s nothing to send"),
            Self::Taken => ("COACH_044", S::CONFLICT, "Already taken"),
            Self::Internal => ("COACH_090", S::INTERNAL_SERVER_ERROR, "Something went wrong"),
            Self::Away => ("COACH_091", S::SERVICE_UNAVAILABLE, "A part of the system isn’t responding"),
            Self::TimedOut => ("COACH_092", S::SERVICE_UNAVAILABLE, "This is taking too long"),
            Self::NotSetUp => ("COACH_093", S::NOT_IMPLEMENTED, "This isn’t set up here"),
        }
    }
}
