//! The QR code that an authenticator app scans, as an SVG path. Pure.

use qrcode::{Color, EcLevel, QrCode};
use url::form_urlencoded;

/// What an app reads from the QR code.
pub(super) fn address(secret: &str, email: &str, organization: &str) -> String {
    let label: String = form_urlencoded::byte_serialize(format!("{email} ({organization})").as_bytes()).collect();
    // An app takes a plus sign for a plus sign.
    let label = label.replace('+', "%20");
    format!("otpauth://totp/Debrief:{label}?secret={secret}&issuer=Debrief&algorithm=SHA1&digits=6&period=30")
}

/// A QR code as the path of an SVG, and its side with the margin that readers need.
pub(super) fn drawn(text: &str) -> Option<(String, usize)> {
    const MARGIN: usize = 4;
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (at, color) in code.into_colors().into_iter().enumerate() {
        if color == Color::Dark {
            path.push_str(&format!("M{} {}h1v1h-1z", at % width + MARGIN, at / width + MARGIN));
        }
    }
    Some((path, width + 2 * MARGIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_reads_whose_secret_it_is() {
        let address = address("ABCD", "maya@northlight.example", "North & Light");
        assert_eq!(
            address,
            "otpauth://totp/Debrief:maya%40northlight.example%20%28North%20%26%20Light%29?secret=ABCD&issuer=Debrief&algorithm=SHA1&digits=6&period=30"
        );
        let (path, side) = drawn(&address).expect("it fits");
        assert!(side > 40 && path.starts_with("M4 4h1v1h-1z"), "{side} {path}");
    }
}
