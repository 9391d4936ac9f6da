//! What a copy can hold, whole, in pieces, and damaged.

use arrow::{
    array::{Array, AsArray},
    datatypes::{Date32Type, Float32Type, Int64Type, TimestampMicrosecondType},
    record_batch::RecordBatch,
};

use super::{
    super::schema::{
        Column,
        Kind::{Bool, Day, Float, Id, Int, Key, Prose, Time, Vector, Word},
        Of, Table, column,
    },
    DecodeError, Decoder, HEADER,
};

const TABLE: Table = Table {
    name: "t",
    about: "",
    columns: &[
        column("id", Id, "", ""),
        column("word", Word, "", "").or_null(),
        column("text", Prose, "", ""),
        column("key", Key, "", ""),
        column("number", Int, "", "").or_null(),
        column("share", Float, "", ""),
        column("yes", Bool, "", ""),
        column("day", Day, "", ""),
        column("time", Time, "", ""),
        column("vector", Vector, "", ""),
    ],
    from: "",
    only: "",
    order: "",
    of: Of { session: None, coach: None, client: None, day: None },
};
const COLUMNS: &[Column] = TABLE.columns;

type Values<'a> = Vec<Option<&'a [u8]>>;

/// A copy of rows, as Postgres writes it.
fn copied(rows: &[Values<'_>]) -> Vec<u8> {
    let mut bytes = HEADER.to_vec();
    for row in rows {
        bytes.extend(i16::try_from(row.len()).expect("few").to_be_bytes());
        for value in row {
            let length = value.map_or(-1, |value| i32::try_from(value.len()).expect("short"));
            bytes.extend(length.to_be_bytes());
            bytes.extend(value.unwrap_or_default());
        }
    }
    bytes.extend((-1_i16).to_be_bytes());
    bytes
}

/// The batches of bytes that come in pieces of a size.
fn decoded(bytes: &[u8], size: usize) -> Result<Vec<RecordBatch>, DecodeError> {
    let mut decoder = Decoder::new(COLUMNS, TABLE.arrow());
    let mut batches = Vec::new();
    for piece in bytes.chunks(size) {
        decoder.add(piece, &mut |batch| {
            batches.push(batch);
            Ok::<_, DecodeError>(())
        })?;
    }
    batches.extend(decoder.finish()?);
    Ok(batches)
}

const VECTOR: &[u8] = &[
    0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 188, 0, 0, 0, 2, 0, 0, 0, 1, // one dimension of two reals
    0, 0, 0, 4, 63, 0, 0, 0, 0, 0, 0, 4, 191, 128, 0, 0,
];
const NO_VECTOR: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 188];

fn good() -> Values<'static> {
    vec![
        Some(&[0x01, 0x9a, 0xdd, 0x24, 0, 0, 0x7a, 0xbc, 0x80, 0, 0, 0, 0, 0, 0, 0xff]),
        Some(b"word"),
        Some("Ż\n".as_bytes()),
        Some(b"a\x1bb"),
        Some(&[0, 0, 0, 5]),
        Some(&[0x3f, 0xe0, 0, 0, 0, 0, 0, 0]),
        Some(&[1]),
        Some(&[0, 0, 0x26, 0x5e]),
        Some(&[0, 0, 0, 0, 0, 0, 0, 1]),
        Some(VECTOR),
    ]
}

#[test]
fn every_type_is_decoded_in_pieces_of_any_size() {
    let nulls: Values<'_> =
        good().into_iter().zip(0..).map(|(value, at)| value.filter(|_| ![1, 4].contains(&at))).collect();
    let bytes = copied(&[good(), nulls]);
    for size in [1, 2, 7, 64, bytes.len()] {
        let batches = decoded(&bytes, size).expect("good bytes");
        let [batch] = &batches[..] else { panic!("{} batches", batches.len()) };
        let text = |at: usize| batch.column(at).as_string::<i32>();
        assert_eq!(text(0).value(0), "019add24-0000-7abc-8000-0000000000ff");
        assert_eq!((text(1).value(0), text(1).is_null(1), text(2).value(1)), ("word", true, "Ż\n"));
        assert!(!text(3).value(0).contains('\u{1b}'), "a terminal would obey it");
        let number = batch.column(4).as_primitive::<Int64Type>();
        assert_eq!((number.value(0), number.is_null(1)), (5, true));
        assert!(batch.column(6).as_boolean().value(0));
        // 9,822 days after 2000.
        assert_eq!(batch.column(7).as_primitive::<Date32Type>().value(0), 20_779);
        assert_eq!(batch.column(8).as_primitive::<TimestampMicrosecondType>().value(1), 946_684_800_000_001);
        let vector = batch.column(9).as_list::<i32>().value(1);
        assert_eq!(vector.as_primitive::<Float32Type>().values(), &[0.5, -1.0]);
    }
}

#[test]
fn whole_numbers_and_reals_come_in_every_size() {
    for (bytes, wanted) in [
        (&[0xff, 0xfe][..], -2),
        (&[0xff, 0xff, 0xff, 0xfe], -2),
        (&[0x00, 0x20, 0, 0, 0, 0, 0, 1], 9_007_199_254_740_993),
    ] {
        let mut row = good();
        row[4] = Some(bytes);
        let batches = decoded(&copied(&[row]), 64).expect("good bytes");
        assert_eq!(batches[0].column(4).as_primitive::<Int64Type>().value(0), wanted);
    }
}

#[test]
fn what_no_calendar_has_is_its_first_or_last_day() {
    let (never, ever) = (i32::MIN.to_be_bytes(), i32::MAX.to_be_bytes());
    let (before, after) = (i64::MIN.to_be_bytes(), i64::MAX.to_be_bytes());
    for (day, time, wanted) in [
        (&never, &before, ("0001-01-01", "0001-01-01T00:00:00")),
        (&ever, &after, ("9999-12-31", "9999-12-31T23:59:59.999999")),
    ] {
        let mut row = good();
        (row[7], row[8]) = (Some(&day[..]), Some(&time[..]));
        let batches = decoded(&copied(&[row]), 64).expect("good bytes");
        let day = batches[0].column(7).as_primitive::<Date32Type>().value_as_date(0).expect("a day");
        let time =
            batches[0].column(8).as_primitive::<TimestampMicrosecondType>().value_as_datetime(0).expect("a time");
        assert_eq!((day.to_string().as_str(), time.format("%Y-%m-%dT%H:%M:%S%.f").to_string().as_str()), wanted);
    }
}

#[test]
fn an_empty_table_has_no_batch() {
    assert_eq!(decoded(&copied(&[]), 64).expect("good bytes").len(), 0);
}

#[test]
fn more_rows_than_a_batch_holds_make_several() {
    let rows: Vec<Values<'_>> = (0..20_000).map(|_| good()).collect();
    let batches = decoded(&copied(&rows), 1 << 20).expect("good bytes");
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [8192, 8192, 3616]);
}

#[test]
fn a_value_of_another_type_is_refused_by_its_column() {
    let empty: &[u8] = &[];
    for (at, bytes, name) in [
        (0, &[1, 2][..], "id"),
        (1, b"\xff", "word"),
        (4, &[0, 0, 0], "number"),
        (5, &[0], "share"),
        (6, &[2], "yes"),
        (7, empty, "day"),
        (8, &[0, 0, 0, 0], "time"),
        (9, &VECTOR[..30], "vector"),
        (9, &NO_VECTOR[..11], "vector"),
    ] {
        let mut row = good();
        row[at] = Some(bytes);
        assert_eq!(decoded(&copied(&[row]), 64).expect_err("it is none"), DecodeError::Value(name));
    }
    let mut row = good();
    row[2] = None;
    assert_eq!(decoded(&copied(&[row]), 64).expect_err("it can't be null"), DecodeError::Null("text"));
}

#[test]
fn a_copy_that_is_cut_off_anywhere_is_refused() {
    let bytes = copied(&[good(), good()]);
    for length in 0..bytes.len() {
        assert_eq!(decoded(&bytes[..length], 64).expect_err("its end is missing"), DecodeError::CutOff, "{length}");
    }
}

#[test]
fn no_damaged_byte_makes_it_panic() {
    let bytes = copied(&[good(), good()]);
    for at in 0..bytes.len() {
        for damage in [0x00, 0x01, 0x7f, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] = damage;
            // Another value, or an error.
            let _ = decoded(&damaged, 50);
        }
    }
    assert_eq!(decoded(b"PGCOPY but no such thing", 64).expect_err("no copy"), DecodeError::Header);
    let mut more = copied(&[good()]);
    more.extend([0, 1]);
    assert_eq!(decoded(&more, more.len()).expect_err("something after the end"), DecodeError::Columns);
}
