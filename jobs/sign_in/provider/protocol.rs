//! OpenID Connect itself: where a browser is sent, and what the provider says of whoever comes back. The library checks the
//! document, the keys and the ID token; what it leaves open is decided here.
//!
//! Reads nothing of ours and writes nothing. Tokens of the provider are dropped here.

use std::{collections::HashSet, time::Duration};

use chrono::{DateTime, Utc};
use openidconnect::{
    AdditionalProviderMetadata, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, DiscoveryError, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    ProviderMetadata, RedirectUrl, RequestTokenError, Scope, TokenResponse,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient,
        CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
        CoreSubjectIdentifierType, CoreUserInfoClaims,
    },
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Provider,
    wire::{Wire, WireError},
};

/// Signatures by a key of the provider alone: with a shared secret, whoever knows it could sign, and "none" is nobody's.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What the library's own type leaves out of the document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sign_in) struct Further {
    /// Whether answers always name their issuer (RFC 9207).
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Further {}

/// The provider's document, with its keys.
pub(in crate::sign_in) type Document = ProviderMetadata<
    Further,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Why a provider's word can't be taken. Holds nothing that it said of anybody.
#[derive(Debug, thiserror::Error)]
pub(in crate::sign_in) enum ProtocolError {
    /// It can't be reached, or doesn't answer as one does.
    #[error("{0}")]
    Away(String),
    /// It answered, and the answer isn't one to rely on.
    #[error("{0}")]
    Untrusted(String),
}

/// What goes to the provider with a browser, and is known again when it comes back.
pub(in crate::sign_in) struct Ticket {
    pub(in crate::sign_in) state: String,
    pub(in crate::sign_in) nonce: String,
    pub(in crate::sign_in) verifier: String,
}

/// What a provider says of somebody.
#[derive(Clone)]
pub(in crate::sign_in) struct Said {
    pub(in crate::sign_in) subject: String,
    pub(in crate::sign_in) email: Option<String>,
    /// `None` where it says nothing.
    pub(in crate::sign_in) is_verified: Option<bool>,
    /// When the person last showed who they are there.
    pub(in crate::sign_in) proved_at: Option<DateTime<Utc>>,
}

/// Fetches the document and the keys, and checks that the provider is one that can be used.
pub(in crate::sign_in) async fn discover(wire: &Wire, issuer: &str) -> Result<Document, ProtocolError> {
    let url = IssuerUrl::new(issuer.to_owned()).map_err(|error| ProtocolError::Away(error.to_string()))?;
    let document = Document::discover_async(url, wire).await.map_err(undiscovered)?;
    let endpoints = [
        Some(document.authorization_endpoint().url()),
        document.token_endpoint().map(|it| it.url()),
        document.userinfo_endpoint().map(|it| it.url()),
    ];
    if let Some(url) = endpoints.into_iter().flatten().find(|url| !wire.allows(url)) {
        let host = url.host_str().unwrap_or_default();
        return Err(ProtocolError::Away(format!("its document names an address at {host} that isn't https://")));
    }
    if document.token_endpoint().is_none() {
        return Err(ProtocolError::Away("its document names no token endpoint".into()));
    }
    if algorithms(&document).is_empty() {
        let problem = "it signs ID tokens in no way that can be relied on; have it use RS256 or ES256";
        return Err(ProtocolError::Away(problem.into()));
    }
    Ok(document)
}

/// The ways to sign that the provider has and that are taken.
fn algorithms(document: &Document) -> HashSet<CoreJwsSigningAlgorithm> {
    let theirs = document.id_token_signing_alg_values_supported();
    ALGORITHMS.into_iter().filter(|algorithm| theirs.contains(algorithm)).collect()
}

/// A client of the provider. A macro as its type names each endpoint that it has.
macro_rules! client {
    ($provider:expr, $document:expr) => {{
        let secret = $provider.settings.client_secret.expose_secret().trim();
        let secret = (!secret.is_empty()).then(|| ClientSecret::new(secret.to_owned()));
        let id = ClientId::new($provider.settings.client_id.trim().to_owned());
        let methods = $document.token_endpoint_auth_methods_supported();
        // Without a word on it, the header is what every provider takes.
        let in_body = methods.is_some_and(|methods| {
            !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
                && methods.contains(&CoreClientAuthMethod::ClientSecretPost)
        });
        CoreClient::from_provider_metadata($document.clone(), id, secret)
            .set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
            .set_redirect_uri(RedirectUrl::from_url($provider.answers_at.clone()))
    }};
}

/// Where a browser is sent. `anew`: the provider asks whoever it is, however lately it did.
pub(in crate::sign_in) fn address(provider: &Provider, document: &Document, ticket: &Ticket, anew: bool) -> Url {
    let client = client!(provider, document);
    let [state, nonce] = [&ticket.state, &ticket.nonce].map(Clone::clone);
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(ticket.verifier.clone()));
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let mut request = client
        .authorize_url(flow, || CsrfToken::new(state), || Nonce::new(nonce))
        .add_scope(Scope::new("email".into()))
        .set_pkce_challenge(challenge);
    if anew {
        request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO);
    }
    request.url().0
}

/// Checks the `iss` of an answer (RFC 9207): an answer of another provider isn't this one's.
pub(in crate::sign_in) fn is_from(document: &Document, issuer: Option<&str>) -> bool {
    match issuer {
        Some(issuer) => issuer == document.issuer().as_str(),
        None => !document.additional_metadata().authorization_response_iss_parameter_supported,
    }
}

/// Gives the code to the provider, and checks what it says of whom.
pub(in crate::sign_in) async fn redeem(
    provider: &Provider,
    document: &Document,
    ticket: &Ticket,
    code: &str,
) -> Result<Said, ProtocolError> {
    let untrusted = |problem: &str| ProtocolError::Untrusted(problem.to_owned());
    let client = client!(provider, document);
    let exchange = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .map_err(|error| ProtocolError::Away(error.to_string()))?
        .set_pkce_verifier(PkceCodeVerifier::new(ticket.verifier.clone()));
    let tokens = exchange.request_async(&provider.wire).await.map_err(|error| match error {
        RequestTokenError::Request(error) => ProtocolError::Away(error.to_string()),
        // Its code is one of a few words; what else it says may quote anything.
        RequestTokenError::ServerResponse(error) => {
            ProtocolError::Untrusted(format!("it doesn't take the code: {}", plain(error.error().as_ref())))
        }
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => untrusted("its answer to the code isn't one"),
    })?;
    let id_token = tokens.id_token().ok_or_else(|| untrusted("it sent no ID token"))?;
    let verifier = client.id_token_verifier().set_allowed_algs(algorithms(document));
    let claims =
        id_token.claims(&verifier, &Nonce::new(ticket.nonce.clone())).map_err(|error| untrusted(misfit(&error)))?;
    let mut said = Said {
        subject: claims.subject().to_string(),
        email: claims.email().map(|email| email.to_string()),
        is_verified: claims.email_verified(),
        proved_at: claims.auth_time(),
    };
    if said.subject.is_empty() || said.subject.len() > MOST_SUBJECT {
        return Err(untrusted("its ID token names nobody"));
    }
    // Some providers have addresses at another place.
    let access = tokens.access_token();
    if said.email.is_none()
        && access.secret().bytes().all(|byte| byte.is_ascii_graphic())
        && let Ok(request) = client.user_info(access.clone(), Some(claims.subject().clone()))
    {
        let info: CoreUserInfoClaims = request.request_async(&provider.wire).await.map_err(|_| {
            untrusted("its ID token has no address, and its userinfo endpoint doesn't tell one of the same person")
        })?;
        (said.email, said.is_verified) = (info.email().map(|email| email.to_string()), info.email_verified());
    }
    Ok(said)
}

/// A subject has at most 255 characters, says the standard.
const MOST_SUBJECT: usize = 255;

/// What is wrong with an ID token, without a word of it.
fn misfit(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "its ID token is too old; do the clocks agree?",
        ClaimsVerificationError::InvalidAudience(_) => "its ID token is for somebody else: is client_id the right one?",
        ClaimsVerificationError::InvalidIssuer(_) => "its ID token is of another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "its ID token belongs to another way in",
        ClaimsVerificationError::SignatureVerification(_) => "the signature of its ID token isn't the provider's",
        _ => "its ID token can't be used",
    }
}

fn undiscovered(error: DiscoveryError<WireError>) -> ProtocolError {
    ProtocolError::Away(match error {
        DiscoveryError::Request(error) => error.to_string(),
        DiscoveryError::Response(status, _, _) if status.is_redirection() => {
            format!("HTTP {}: a redirect isn’t followed; write the issuer as the provider itself does", status.as_u16())
        }
        DiscoveryError::Response(status, _, _) if !status.is_success() => {
            format!("HTTP {}: there’s no document of an OpenID provider; is the issuer complete?", status.as_u16())
        }
        DiscoveryError::Validation(_) => {
            "its document is of another issuer; write the issuer as the provider itself does, to the last slash".into()
        }
        _ => "what it answers isn’t the document of an OpenID provider, or not its keys".into(),
    })
}

/// A code of an error as it can be shown: letters, digits and the like, and few of them.
pub(in crate::sign_in) fn plain(code: &str) -> String {
    code.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.')).take(60).collect()
}
