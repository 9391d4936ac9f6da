//! JSON as a tree that remembers the position of each part. Pure; parsed once, nested at most as deep as `serde_json`
//! allows (128 levels), with at most [`MOST`] values, which limits its memory to about a gigabyte at worst.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::{
    raw_time::{self, Raw, whole},
    time,
};

/// The maximum number of values in a file; a day of talk with the times of all words has about three million.
const MOST: usize = 10_000_000;

#[derive(Debug)]
pub(super) struct Json<'a> {
    /// A byte at or shortly before the value: the key or the string seen last.
    pub(super) at: usize,
    pub(super) value: Value<'a>,
}

#[derive(Debug)]
pub(super) enum Value<'a> {
    /// `null`, or a missing value.
    Null,
    Bool(bool),
    Number(f64),
    /// An integer that a float can't represent exactly: an identifier.
    Large(u64),
    /// A string and its number among the strings of the file.
    Text(usize, Cow<'a, str>),
    List(Vec<Json<'a>>),
    /// In the order of the file; a duplicate key occurs twice.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// The largest integer that is exact as a float.
const EXACT: u64 = 1 << 53;

const TWO_TO_32: f64 = 4_294_967_296.0;

/// The value of what is missing.
static NOTHING: Json<'static> = Json { at: 0, value: Value::Null };

#[derive(Debug)]
pub(super) struct Broken {
    pub(super) what: String,
    /// The line number, from 1.
    pub(super) line: usize,
    /// The column, from 1.
    pub(super) column: usize,
}

const SECOND: &str = "a second document follows the first, and a transcript is one";

#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) root: Json<'a>,
    /// The number of strings in it.
    pub(super) texts: usize,
}

impl<'a> Tree<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Broken> {
        let (values, texts, last) = (Cell::new(0), Cell::new(0), Cell::new(0));
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let build = Build { base: text.as_ptr() as usize, values: &values, texts: &texts, last: &last };
        let root = build.deserialize(&mut deserializer).and_then(|root| deserializer.end().map(|()| root));
        let root = root.map_err(|error| Broken::of(&error))?;
        Ok(Self { root, texts: texts.get() })
    }
}

impl<'a> Tree<'a> {
    /// Parses consecutive documents, one per line, as in logs and tables, to a list.
    pub(super) fn parse_lines(text: &'a str) -> Result<Self, Broken> {
        let (values, texts, last) = (Cell::new(0), Cell::new(0), Cell::new(0));
        let build = Build { base: text.as_ptr() as usize, values: &values, texts: &texts, last: &last };
        let mut documents = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let mut deserializer = serde_json::Deserializer::from_str(line);
            let document = build.deserialize(&mut deserializer);
            let document = document.and_then(|document| deserializer.end().map(|()| document));
            documents.push(document.map_err(|error| Broken::of(&error))?);
        }
        Ok(Self { root: Json { at: 0, value: Value::List(documents) }, texts: texts.get() })
    }
}

impl Broken {
    /// Whether the file is one document followed by something else.
    pub(super) fn goes_on(&self) -> bool {
        self.what == SECOND
    }

    fn of(error: &serde_json::Error) -> Self {
        let message = error.to_string();
        let what = if error.is_eof() {
            "it ends in the middle, so it was cut off where it was saved or copied"
        } else if message.starts_with("recursion limit") {
            "it is nested too deeply"
        } else if message.starts_with("trailing characters") {
            SECOND
        } else {
            message.split(" at line ").next().unwrap_or_default()
        };
        Self { what: what.to_owned(), line: error.line().max(1), column: error.column().max(1) }
    }
}

impl Json<'_> {
    /// The value under `key`; null if there is none.
    pub(super) fn get(&self, key: &str) -> &Self {
        match &self.value {
            Value::Object(fields) => {
                fields.iter().rev().find(|(own, _)| own == key).map_or(nothing(), |(_, value)| value)
            }
            _ => nothing(),
        }
    }

    /// The first of the values under `keys` that exists and isn't null.
    pub(super) fn any(&self, keys: &[&str]) -> &Self {
        keys.iter().map(|key| self.get(key)).find(|value| value.is_there()).unwrap_or(nothing())
    }

    /// The elements of a list; empty for anything else.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn first(&self) -> &Self {
        self.items().first().unwrap_or(nothing())
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(_, text) => Some(text),
            _ => None,
        }
    }

    /// Whether it's a non-blank string.
    pub(super) fn filled(&self) -> bool {
        self.text().is_some_and(|text| !text.trim().is_empty())
    }

    /// A number, or a string that is one.
    pub(super) fn number(&self) -> Option<f64> {
        match &self.value {
            Value::Number(number) => Some(*number),
            #[expect(clippy::cast_precision_loss, reason = "as a time it is none")]
            Value::Large(number) => Some(*number as f64),
            Value::Text(_, text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            // A 64-bit integer as JavaScript writes it: two 32-bit halves.
            Value::Object(_) => match (&self.get("low").value, &self.get("high").value) {
                (Value::Number(low), Value::Number(high)) => Some(low.rem_euclid(TWO_TO_32) + high * TWO_TO_32),
                _ => None,
            },
            _ => None,
        }
    }

    /// A value in milliseconds.
    pub(super) fn millis(&self) -> Option<i64> {
        whole(self.number()?)
    }

    /// A value in 100-nanosecond ticks, converted to milliseconds.
    pub(super) fn ticks(&self) -> Option<i64> {
        whole(self.number()? / 10_000.0)
    }

    /// A value in seconds, in any notation, converted to milliseconds: `1.5`, `"1.5"`, `"1.5s"`,
    /// `{"seconds": 1, "nanos": 5e8}`, `"PT1.5S"`, `"00:00:01,500"`.
    pub(super) fn seconds(&self) -> Option<i64> {
        if let Value::Object(_) = &self.value {
            let (seconds, nanos) = (self.get("seconds"), self.any(&["nanos", "nanoseconds"]));
            if seconds.number().is_none() && nanos.number().is_none() {
                return None;
            }
            return whole(seconds.number().unwrap_or(0.0) * 1e3 + nanos.number().unwrap_or(0.0) / 1e6);
        }
        if let Some(seconds) = self.number() {
            return whole(seconds * 1e3);
        }
        let text = self.text()?.trim();
        time::whole(text).or_else(|| raw_time::duration(text))
    }

    /// A moment, in milliseconds since 1970: a date with a time, or a number greater than any offset.
    pub(super) fn moment(&self) -> Option<i64> {
        let epoch = self.millis().filter(|millis| *millis > super::book::EPOCH_MS);
        epoch.or_else(|| raw_time::moment(self.text()?))
    }

    /// A time in any notation; if there are a relative and an absolute one, the relative.
    pub(super) fn raw(&self) -> Raw {
        match &self.value {
            Value::Number(number) => Raw::Number(*number),
            Value::Large(_) => self.number().map(Raw::Number).unwrap_or_default(),
            Value::Text(_, text) => Raw::of(text),
            Value::Object(_) => {
                let (inner, millis) =
                    (self.any(&["relative", "absolute"]), self.any(&["milliseconds", "millis", "ms"]));
                if inner.is_there() {
                    return inner.raw();
                }
                millis.millis().or_else(|| self.seconds()).map(Raw::Millis).unwrap_or_default()
            }
            _ => Raw::None,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        matches!(self.value, Value::Bool(true))
    }

    /// Whether the value is `false`, rather than missing.
    pub(super) fn is_false(&self) -> bool {
        matches!(self.value, Value::Bool(false))
    }

    pub(super) fn is_there(&self) -> bool {
        !matches!(self.value, Value::Null)
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    /// Whether the object has all of these keys, with any values.
    pub(super) fn has(&self, keys: &[&str]) -> bool {
        match &self.value {
            Value::Object(fields) => keys.iter().all(|key| fields.iter().any(|(own, _)| own == key)),
            _ => false,
        }
    }

    /// Whether any of the first elements of the list has all of these keys.
    pub(super) fn each_has(&self, keys: &[&str]) -> bool {
        self.items().iter().take(20).any(|item| item.has(keys))
    }
}

/// A missing value. Elements borrow from the file, this doesn't; its contents fit both.
fn nothing<'a, 'b>() -> &'a Json<'b> {
    &NOTHING
}

/// Builds values. The deserializer doesn't report positions, but a string without escapes is borrowed from the file,
/// which reveals its position; every object has one, in its first key.
#[derive(Clone, Copy)]
struct Build<'s> {
    base: usize,
    values: &'s Cell<usize>,
    texts: &'s Cell<usize>,
    last: &'s Cell<usize>,
}

impl<'s> Build<'s> {
    fn value<'a>(self, value: Value<'a>) -> Json<'a> {
        Json { at: self.last.get(), value }
    }

    fn text<'a>(self, text: Cow<'a, str>) -> Json<'a> {
        let number = self.texts.get();
        self.texts.set(number + 1);
        self.value(Value::Text(number, text))
    }

    fn seen(self, text: &str) {
        self.last.set(text.as_ptr() as usize - self.base);
    }
}

impl<'de> DeserializeSeed<'de> for Build<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MOST {
            return Err(D::Error::custom("it holds more values than any transcript"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Build<'_> {
    type Value = Json<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.value(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.value(Value::Bool(value)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(self.value(Value::Number(number)))
    }

    #[allow(clippy::cast_precision_loss, reason = "times and numbers of speakers are far smaller")]
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(self.value(Value::Number(number as f64)))
    }

    #[allow(clippy::cast_precision_loss, reason = "times and numbers of speakers are far smaller")]
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(self.value(if number > EXACT { Value::Large(number) } else { Value::Number(number as f64) }))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        self.seen(text);
        Ok(self.text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let at = self.last.get();
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self)? {
            items.push(item);
        }
        // Most lists and objects are small and long-lived; excess capacity is freed.
        items.shrink_to_fit();
        Ok(Json { at, value: Value::List(items) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let (mut at, mut fields) = (self.last.get(), Vec::new());
        while let Some(key) = object.next_key_seed(Key(self))? {
            if fields.is_empty() {
                at = self.last.get();
            }
            fields.push((key, object.next_value_seed(self)?));
        }
        fields.shrink_to_fit();
        Ok(Json { at, value: Value::Object(fields) })
    }
}

/// Reads a key, borrowed if possible.
struct Key<'s>(Build<'s>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let key = self.0.deserialize(deserializer)?;
        match key.value {
            Value::Text(_, text) => {
                // A key is neither a value nor one of the file's texts.
                self.0.values.set(self.0.values.get() - 1);
                self.0.texts.set(self.0.texts.get() - 1);
                Ok(text)
            }
            _ => Err(D::Error::custom("a key that is no text")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;

    #[test]
    fn a_time_is_read_however_it_is_written() {
        for (json, millis) in [
            ("1.5", Some(1_500)),
            ("\"1.5\"", Some(1_500)),
            ("\"1.500s\"", Some(1_500)),
            ("{\"seconds\": \"1\", \"nanos\": 500000000}", Some(1_500)),
            ("{\"nanos\": 500000000}", Some(500)),
            ("{\"seconds\": {\"low\": 1, \"high\": 0, \"unsigned\": false}, \"nanos\": 5e8}", Some(1_500)),
            ("{\"low\": 1}", None),
            ("\"PT1M1.5S\"", Some(61_500)),
            ("\"00:01:01,500\"", Some(61_500)),
            ("\"soon\"", None),
            ("\"NaN\"", None),
            ("1e300", None),
            ("null", None),
        ] {
            let tree = Tree::parse(json).expect("valid JSON");
            assert_eq!(tree.root.seconds(), millis, "{json}");
        }
    }
}
