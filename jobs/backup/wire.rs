//! The binary form in which Postgres copies rows out and in, and the digest of a table: a sum over its rows that doesn't
//! depend on their order. Pure.
//!
//! The same rows have the same bytes on any server, so a restored table is equal to the original if and only if their
//! digests are (for all that can be computed).

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::BackupError;

/// What a stream begins with: the signature, no flags, no further header.
pub(super) const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What a stream ends with, in the place of a row's number of fields.
pub(super) const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// Cuts a stream into rows, however it arrives in pieces.
#[derive(Debug)]
pub(super) struct Rows {
    held: Vec<u8>,
    begun: bool,
    ended: bool,
    fields: usize,
}

impl Rows {
    /// Of rows with this many fields.
    pub(super) fn new(fields: usize) -> Self {
        Self { held: Vec::new(), begun: false, ended: false, fields }
    }

    /// Takes a piece, and gives every row that is complete by now: its bytes after the number of fields.
    pub(super) fn take(
        &mut self,
        piece: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        self.held.extend_from_slice(piece);
        let mut at = 0;
        if !self.begun && self.held.len() >= HEADER.len() {
            if !self.held.starts_with(&HEADER[..11]) {
                return Err(BackupError::unreadable("the server copies rows in an unknown form"));
            }
            (self.begun, at) = (true, HEADER.len());
        }
        while self.begun && !self.ended {
            let Some((length, is_end)) = self.row(&self.held[at..])? else { break };
            self.ended = is_end;
            if !is_end {
                each(&self.held[at + 2..at + length])?;
            }
            at += length;
        }
        self.held.drain(..at);
        Ok(())
    }

    /// Whether the stream came to its end.
    pub(super) fn is_complete(&self) -> bool {
        self.ended && self.held.is_empty()
    }

    /// The length of the first row of `bytes`, and whether it is the end; `None` if more of it is to come.
    fn row(&self, bytes: &[u8]) -> Result<Option<(usize, bool)>, BackupError> {
        let Some(count) = bytes.first_chunk::<2>() else { return Ok(None) };
        if *count == TRAILER {
            return Ok(Some((2, true)));
        }
        if usize::from(u16::from_be_bytes(*count)) != self.fields {
            return Err(BackupError::unreadable("a row has another number of fields than its table"));
        }
        let mut at = 2;
        for _ in 0..self.fields {
            let Some(length) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) else { return Ok(None) };
            at += 4 + usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
            if at > bytes.len() {
                return Ok(None);
            }
        }
        Ok(Some((at, false)))
    }
}

/// The fields of a row, as [`Rows`] gives it.
pub(super) fn fields(mut row: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    std::iter::from_fn(move || {
        let (length, rest) = row.split_first_chunk::<4>()?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            row = rest;
            return Some(None);
        };
        let (field, rest) = rest.split_at_checked(length)?;
        row = rest;
        Some(Some(field))
    })
}

/// Adds a field to a row.
pub(super) fn put(row: &mut Vec<u8>, field: Option<&[u8]>) -> Result<(), BackupError> {
    let length = field.map_or(Ok(-1), |field| i32::try_from(field.len()));
    let length = length.map_err(|_| BackupError::unreadable("a value is larger than Postgres stores"))?;
    row.extend_from_slice(&length.to_be_bytes());
    row.extend_from_slice(field.unwrap_or_default());
    Ok(())
}

/// The number of rows and their digest: the sum of their SHA-256, as numbers of 256 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) rows: u64,
    sum: [u64; 4],
}

impl Tally {
    /// Counts a row.
    pub(super) fn add(&mut self, row: &[u8]) {
        self.rows += 1;
        let hash = Sha256::digest(row);
        let mut carry = false;
        for (sum, part) in self.sum.iter_mut().zip(hash.chunks_exact(8)) {
            let part = part.try_into().map_or(0, u64::from_le_bytes);
            let (added, over) = sum.overflowing_add(part);
            let (added, over_again) = added.overflowing_add(u64::from(carry));
            (*sum, carry) = (added, over || over_again);
        }
    }

    pub(super) fn digest(&self) -> RowDigest {
        RowDigest(self.sum.iter().rev().map(|part| format!("{part:016x}")).collect())
    }
}

/// The digest of a table's rows, in hex; the same for the same rows in any order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowDigest(String);

impl fmt::Display for RowDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[Option<&[u8]>]) -> Vec<u8> {
        let mut row = Vec::new();
        values.iter().for_each(|value| put(&mut row, *value).expect("it is short"));
        row
    }

    fn stream(rows: &[Vec<u8>], fields: u16) -> Vec<u8> {
        let mut stream = HEADER.to_vec();
        for row in rows {
            stream.extend_from_slice(&fields.to_be_bytes());
            stream.extend_from_slice(row);
        }
        stream.extend_from_slice(&TRAILER);
        stream
    }

    #[test]
    fn rows_come_out_whole_however_the_stream_is_cut() {
        let rows = [row(&[Some(b"one"), None]), row(&[Some(b""), Some(b"two")]), row(&[None, None])];
        let stream = stream(&rows, 2);
        for size in [1, 2, 3, 7, 19, stream.len()] {
            let (mut cut, mut seen) = (Rows::new(2), Vec::new());
            for piece in stream.chunks(size) {
                let taken = cut.take(piece, |row| {
                    seen.push(row.to_vec());
                    Ok(())
                });
                taken.expect("it is a good stream");
            }
            assert_eq!(seen, rows, "in pieces of {size}");
            assert!(cut.is_complete());
        }
        assert_eq!(fields(&rows[1]).collect::<Vec<_>>(), [Some(&b""[..]), Some(b"two")]);
        assert_eq!(fields(&rows[2]).collect::<Vec<_>>(), [None, None]);
    }

    #[test]
    fn a_stream_that_ends_early_or_has_another_form_is_none() {
        let stream = stream(&[row(&[Some(b"one")])], 1);
        let mut cut = Rows::new(1);
        cut.take(&stream[..stream.len() - 1], |_| Ok(())).expect("so far it is good");
        assert!(!cut.is_complete());
        for (wrong, fields) in [(stream.as_slice(), 2), (b"something else altogether", 1)] {
            Rows::new(fields).take(wrong, |_| Ok(())).expect_err("it is refused");
        }
    }

    #[test]
    fn the_digest_knows_every_row_and_no_order() {
        let rows = [row(&[Some(b"a")]), row(&[Some(b"b")]), row(&[None]), row(&[Some(b"a")])];
        let digest = |order: &[usize]| {
            let mut tally = Tally::default();
            order.iter().for_each(|at| tally.add(&rows[*at]));
            tally.digest()
        };
        assert_eq!(digest(&[0, 1, 2]), digest(&[2, 0, 1]));
        assert_eq!(digest(&[0, 1, 2]), digest(&[2, 3, 1]), "equal rows are equal");
        for other in [&[0, 1][..], &[0, 1, 1], &[0, 1, 2, 2], &[0, 0, 2]] {
            assert_ne!(digest(&[0, 1, 2]), digest(other));
        }
        assert_eq!(digest(&[]).to_string().len(), 64);
    }
}
