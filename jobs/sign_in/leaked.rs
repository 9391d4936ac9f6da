//! The operator's own list of leaked passwords: a file as "Have I Been Pwned" offers it, of a line for each password with the
//! SHA-1 of it in hex, a colon and a number, sorted by the hash.
//!
//! Reads a few hundred bytes of the file for each password, found by halving, and keeps none; the file may have any size.

use std::{
    cmp::Ordering,
    fs::File,
    io::{self, ErrorKind},
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::SettingsError;

const KEY: &str = "sign_in.leaked_passwords";
/// The letters of a hash.
const HASH: usize = 40;
/// More bytes than two lines have.
const PIECE: usize = 256;

/// The file, open. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Leaked {
    file: Arc<File>,
    bytes: u64,
}

impl Leaked {
    /// Opens the file; `None` if none is named.
    ///
    /// # Errors
    /// Returns an error if it can't be read, or doesn't begin as such a list does.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, SettingsError> {
        if path.as_os_str().is_empty() {
            return Ok(None);
        }
        let wrong = |error: io::Error| SettingsError::new(KEY, format!("{}: {error}", path.display()));
        let file = File::open(path).map_err(wrong)?;
        let bytes = file.metadata().map_err(wrong)?.len();
        let list = Self { file: Arc::new(file), bytes };
        match list.line(0, bytes).map_err(wrong)? {
            Some(_) => Ok(Some(list)),
            None => Err(SettingsError::new(KEY, format!("{}: it's empty", path.display()))),
        }
    }

    /// Whether a password is in the list. Waits for the disk.
    ///
    /// # Errors
    /// Returns an error if the file can't be read, or a line isn't as it should be.
    pub(super) fn has(&self, password: &str) -> io::Result<bool> {
        let wanted = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        let wanted: String = wanted.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        // The line begins at `from` or later, and before `to`, if there is one. A line begins at `from`.
        let (mut from, mut to) = (0, self.bytes);
        while from < to {
            let middle = from + (to - from) / 2;
            let Some((hash, next)) = self.line(middle, to)? else {
                to = middle;
                continue;
            };
            match hash.as_str().cmp(&wanted) {
                Ordering::Equal => return Ok(true),
                Ordering::Less => from = next,
                Ordering::Greater => to = middle,
            }
        }
        Ok(false)
    }

    /// The hash of the first line that begins at `at` or later and before `to`, and where the next one begins.
    fn line(&self, at: u64, to: u64) -> io::Result<Option<(String, u64)>> {
        let begin = at.saturating_sub(1);
        let mut buffer = [0; PIECE];
        let filled = read(&self.file, &mut buffer, begin)?;
        // Nothing that isn't read counts as not there.
        if begin + (filled as u64) < self.bytes && filled < PIECE {
            let problem =
                "the file is shorter than when it was opened; put a new list in its place by renaming, and restart";
            return Err(io::Error::new(ErrorKind::UnexpectedEof, problem));
        }
        let piece = &buffer[..filled];
        // From the byte before: a line begins at `at` if the one before ends there.
        let skipped = if at == 0 { Some(0) } else { end_of_line(piece) };
        let Some(skipped) = skipped else { return Ok(None) };
        let start = begin + skipped as u64;
        if start >= to {
            return Ok(None);
        }
        let line = &piece[skipped..];
        let next = start + end_of_line(line).unwrap_or(line.len()) as u64;
        let hash = line.get(..HASH).filter(|hash| hash.iter().all(u8::is_ascii_hexdigit));
        let after = line.get(HASH).is_none_or(|letter| b":\r\n".contains(letter));
        match hash.and_then(|hash| std::str::from_utf8(hash).ok()) {
            Some(hash) if after => Ok(Some((hash.to_ascii_uppercase(), next))),
            _ => {
                let problem = format!(
                    "at byte {start} there is no line with the SHA-1 of a password in 40 hex digits, a colon and a number; use the \
                     list that is sorted by hash, unpacked"
                );
                Err(io::Error::new(ErrorKind::InvalidData, problem))
            }
        }
    }
}

/// Fills as much of `piece` as the file has from `at` on; returns how much.
fn read(file: &File, piece: &mut [u8], at: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match file.read_at(&mut piece[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Where the line after this one begins.
fn end_of_line(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(password: &str) -> String {
        digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes())
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect()
    }

    fn list(text: &str) -> Result<Option<Leaked>, SettingsError> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("it's written");
        Leaked::open(file.path())
    }

    #[test]
    fn each_password_of_a_list_is_found_and_no_other() {
        assert_eq!(hash("password"), "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8", "as everybody writes it");
        for many in [1_usize, 2, 3, 10, 257] {
            for (end, count) in [("\r\n", true), ("\n", true), ("\n", false)] {
                let mut lines: Vec<String> = (0..many)
                    .map(|number| {
                        let count = if count { format!(":{}", 10_u64.pow((number % 9) as u32)) } else { String::new() };
                        format!("{}{count}", hash(&format!("leaked {number}")))
                    })
                    .collect();
                lines.sort();
                for last in [end, ""] {
                    let list = list(&format!("{}{last}", lines.join(end))).expect("a list").expect("it's named");
                    for number in 0..many {
                        assert!(list.has(&format!("leaked {number}")).expect("it's read"), "{number} of {many}");
                        assert!(!list.has(&format!("other {number}")).expect("it's read"), "{number} of {many}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_list_that_was_cut_short_does_not_say_that_nothing_leaked() {
        let mut lines: Vec<String> =
            (0..200).map(|number| format!("{}:1", hash(&format!("leaked {number}")))).collect();
        lines.sort();
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), lines.join("\n")).expect("it's written");
        let list = Leaked::open(file.path()).expect("a list").expect("it's named");
        file.as_file().set_len(lines.join("\n").len() as u64 / 4).expect("it's cut");
        let told: Vec<io::Result<bool>> = (0..200).map(|number| list.has(&format!("leaked {number}"))).collect();
        assert!(!told.iter().any(|told| matches!(told, Ok(false))), "{told:?}");
        assert!(told.iter().any(|told| matches!(told, Err(error) if error.kind() == ErrorKind::UnexpectedEof)));
    }

    #[test]
    fn what_is_no_such_list_is_told() {
        assert!(Leaked::open(Path::new("")).expect("none is named").is_none());
        for (text, told) in [
            ("", "empty"),
            ("password\nsecret\n", "at byte 0"),
            ("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8F:1\n", "40 hex digits"),
            ("PK\u{3}\u{4}", "unpacked"),
        ] {
            let error = list(text).expect_err(told).to_string();
            assert!(error.contains("sign_in.leaked_passwords") && error.contains(told), "{error}");
        }
        let error = Leaked::open(Path::new("/nowhere/at/all")).expect_err("it isn't there").to_string();
        assert!(error.contains("/nowhere/at/all"), "{error}");
        let damaged = list(&format!("{}:1\nx\n", hash("password"))).expect("it begins well").expect("it's named");
        assert!(damaged.has("zzz").is_err(), "a line in it is told when it's met");
    }
}
