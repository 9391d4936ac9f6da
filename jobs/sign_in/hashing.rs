//! The hashes of passwords: Argon2id as OWASP recommends (19 MiB, two passes, one lane), as PHC strings. Pure.
//!
//! Hashing takes memory and a processor, so it is done on threads for it, and few at a time.

use std::time::Duration;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use rand::RngCore;
use tokio::{sync::Semaphore, time::timeout};
use unicode_normalization::UnicodeNormalization;

/// The longest password, in characters.
pub(super) const LONGEST: usize = 128;
/// At most this many are hashed at once, each with 19 MiB; others wait for so long.
static HASHING: Semaphore = Semaphore::const_new(2);
const WAIT: Duration = Duration::from_secs(10);

/// The same characters typed on another keyboard are the same password.
pub(super) fn normalized(password: &str) -> String {
    password.nfkc().collect()
}

/// Computes on a thread for it; `None` if too many others wait.
pub(super) async fn hashed<T: Send + 'static>(
    password: &str,
    work: impl FnOnce(&str) -> T + Send + 'static,
) -> Option<T> {
    let place = timeout(WAIT, HASHING.acquire()).await.ok()?.ok()?;
    // Nobody types this much, and the length of what is hashed is bounded.
    let password: String = normalized(password).chars().take(LONGEST + 1).collect();
    let computed = tokio::task::spawn_blocking(move || {
        // Given back when the work has ended, though nobody waits for it any more.
        let _place = place;
        work(&password)
    });
    computed.await.ok()
}

fn argon() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

/// The hash of a password; `None` if there is no memory for it.
pub(super) fn hash(password: &str) -> Option<String> {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    let salt = SaltString::encode_b64(&bytes).ok()?;
    Some(argon().hash_password(password.as_bytes(), &salt).ok()?.to_string())
}

/// What a check costs, for nobody.
pub(super) fn work_in_vain(password: &str) {
    let _ = hash(password);
}

/// Whether a password has a hash.
pub(super) enum Check {
    Fits { renewed: Option<String> },
    Wrong,
}

/// Checks a password; a hash with other parameters than today's is renewed.
pub(super) fn check(password: &str, stored: &str) -> Check {
    let Ok(parsed) = PasswordHash::new(stored) else { return Check::Wrong };
    if argon().verify_password(password.as_bytes(), &parsed).is_err() {
        return Check::Wrong;
    }
    let is_current = parsed.algorithm == Algorithm::Argon2id.ident()
        && parsed.version == Some(Version::V0x13.into())
        && Params::try_from(&parsed).is_ok_and(|params| {
            let of = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
            of(&params) == of(&Params::DEFAULT)
        });
    Check::Fits { renewed: if is_current { None } else { hash(password) } }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_place_is_free_when_the_work_has_ended_and_not_when_its_visitor_has_left() {
        let mut ends = Vec::new();
        for _ in 0..2 {
            let (started, has_started) = oneshot::channel();
            let (end, ended) = mpsc::channel::<()>();
            let visitor = tokio::spawn(hashed("x", move |_| {
                started.send(()).expect("somebody waits");
                ended.recv().expect("it ends");
            }));
            has_started.await.expect("it starts");
            visitor.abort();
            assert!(visitor.await.is_err(), "the visitor has left");
            ends.push(end);
        }
        let mut next = Box::pin(hashed("x", |_| ()));
        assert!(futures::poll!(&mut next).is_pending() && HASHING.available_permits() == 0, "both still work");
        for end in ends {
            end.send(()).expect("it waits");
        }
        assert_eq!(next.await, Some(()));
    }

    #[test]
    fn a_hash_with_other_parameters_is_renewed() {
        let stored = hash("correct horse battery").expect("a hash");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(matches!(check("correct horse battery", &stored), Check::Fits { renewed: None }));
        assert!(matches!(check("correct horse batterz", &stored), Check::Wrong));
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).expect("parameters"));
        let salt = SaltString::encode_b64(&[1; 16]).expect("a salt");
        let weak = weak.hash_password(b"correct horse battery", &salt).expect("a hash").to_string();
        let Check::Fits { renewed: Some(renewed) } = check("correct horse battery", &weak) else {
            panic!("it fits and is renewed")
        };
        assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{renewed}");
        assert!(matches!(check("x", "no hash"), Check::Wrong));
    }

    #[test]
    fn a_password_is_the_same_however_its_letters_are_typed() {
        assert_eq!(normalized("Zoe\u{308} ﬁnds"), normalized("Zo\u{eb} finds"));
    }
}
