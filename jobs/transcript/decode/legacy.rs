//! Text that isn't Unicode, in the encoding that fits best, as determined by Mozilla's detector for the Web.
//!
//! Only lines that aren't pure ASCII are examined. Western letters are recognised by their neighbours, so that a German
//! file with five umlauts isn't mistaken for a Baltic one. Two Chinese characters in an English file aren't enough: the
//! result is then reported as a guess.

use std::{borrow::Cow, collections::HashSet};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, ISO_8859_4, MACINTOSH, WINDOWS_1250, WINDOWS_1252, WINDOWS_1257};

use super::RawText;

/// This many bytes are enough.
const ENOUGH: usize = 1 << 17;
/// With fewer distinct words that contain foreign letters, we can't be certain.
const FEW_WORDS: usize = 4;

/// Japanese in the encoding of old emails, ASCII with escape sequences; `None` if it's something else.
pub(super) fn escaped(bytes: &[u8]) -> Option<RawText<'_>> {
    const OPEN: [&[u8]; 4] = [b"\x1b$B", b"\x1b$@", b"\x1b(J", b"\x1b(I"];
    let escapes = || memchr::memchr_iter(0x1b, bytes).take(64);
    if !escapes().any(|at| OPEN.iter().any(|open| bytes[at..].starts_with(open))) || !bytes.is_ascii() {
        return None;
    }
    let (text, damaged) = ISO_2022_JP.decode_without_bom_handling(bytes);
    (!damaged).then(|| said(text, ISO_2022_JP, true))
}

/// Decodes bytes that aren't UTF-8.
pub(super) fn read(bytes: &[u8]) -> RawText<'_> {
    let sample = telling(bytes);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&sample, true);
    let mut encoding = detector.guess(None, Utf8Detection::Deny);
    if encoding == ISO_8859_4 && is_western(&sample) {
        encoding = WINDOWS_1252;
    }
    if encoding == WINDOWS_1252 {
        encoding = match () {
            () if is_hungarian(&sample) => WINDOWS_1250,
            () if is_baltic(&sample) => WINDOWS_1257,
            () if is_of_macintosh(&sample) => MACINTOSH,
            () => WINDOWS_1252,
        };
    }
    if has_capitals_within(&sample, encoding) && is_of_macintosh(&sample) {
        encoding = MACINTOSH;
    }
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let sure = different_words(&sample) >= FEW_WORDS || (encoding == WINDOWS_1252 && is_western(&sample));
    said(text, encoding, sure)
}

/// The text, with a warning about how it was decoded.
fn said<'a>(text: Cow<'a, str>, encoding: &'static Encoding, sure: bool) -> RawText<'a> {
    let odd = |letter: &char| *letter == char::REPLACEMENT_CHARACTER || ('\u{80}'..='\u{9f}').contains(letter);
    let damaged = text.chars().filter(odd).count();
    let name = encoding.name().replacen("windows", "Windows", 1);
    let message = match (damaged, sure) {
        (0, true) => {
            format!(
                "the file isn't saved as Unicode (UTF-8): it was read as {name}, which fits. The first letter that shows it is here"
            )
        }
        (0, false) => format!(
            "the file isn't saved as Unicode (UTF-8), and too little shows how: it was read as {name}. If names look wrong, \
             please save the file as UTF-8 and upload it again. The first letter that shows it is here"
        ),
        (damaged, _) => format!(
            "the file isn't saved as Unicode (UTF-8): it was read as {name}, which leaves {damaged} {} unread. Please save the \
             file as UTF-8 and upload it again. The first of them is here",
            if damaged == 1 { "letter" } else { "letters" }
        ),
    };
    RawText { text, encoding: encoding.name(), message: Some(message) }
}

/// The lines that aren't ASCII, as far as needed.
fn telling(bytes: &[u8]) -> Vec<u8> {
    let mut sample = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.is_ascii()) {
        let room = ENOUGH.saturating_sub(sample.len());
        if room == 0 {
            break;
        }
        // One line may be the whole file: what precedes its first such letter is useless.
        let first = line.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
        let begin = line[..first].iter().rposition(|byte| *byte == b' ').map_or(0, |space| space + 1);
        sample.extend(line[begin..].iter().take(room));
        if sample.last() != Some(&b'\n') {
            sample.push(b'\n');
        }
    }
    sample
}

/// The number of distinct words with a non-ASCII letter, up to the number that is enough.
fn different_words(sample: &[u8]) -> usize {
    let mut words: HashSet<&[u8]> = HashSet::new();
    for word in sample.split(u8::is_ascii_whitespace).filter(|word| !word.is_ascii()) {
        words.insert(word);
        // A sentence without spaces proves as much as many words.
        if words.len() >= FEW_WORDS || word.iter().filter(|byte| !byte.is_ascii()).count() >= 16 {
            return FEW_WORDS;
        }
    }
    words.len()
}

/// The letters and marks of Western European languages.
const LETTERS: &str = "äöüßÄÖÜáàâãåæçéèêëíìîïñóòôõøœúùûÿÁÀÂÃÅÆÇÉÈÊËÍÎÏÑÓÔÕØŒÚÛ’‘“”„–—…«»¿¡€°§·\u{a0}";

/// Whether every letter, read as Windows-1252, is one that Western European languages use, with others next to it.
fn is_western(sample: &[u8]) -> bool {
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(sample);
    text.chars().all(|letter| letter.is_ascii() || LETTERS.contains(letter))
}

/// Whether apparent `õ` and `û` are Hungarian: together with á and é, and without letters of French, Portuguese and
/// Estonian, which have them as well.
fn is_hungarian(sample: &[u8]) -> bool {
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(sample);
    text.contains(['õ', 'û', 'Õ', 'Û'])
        && text.contains(['á', 'é'])
        && text.contains(['ö', 'ó', 'ü', 'í'])
        && !text.contains(['ã', 'ç', 'ê', 'à', 'è', 'î', 'ñ', 'ä', 'å', 'â', 'ô', 'ù'])
}

/// Whether apparent `ð` and `þ` are Lithuanian or Latvian: together with letters that Icelandic lacks, and without its
/// own.
fn is_baltic(sample: &[u8]) -> bool {
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(sample);
    text.contains(['ð', 'þ'])
        && text.contains(['ë', 'à', 'è', 'û', 'ø', 'ç', 'î', 'â'])
        && !text.contains(['ö', 'ó', 'ú', 'ý', 'é'])
}

/// Whether words have capitals behind small letters, which no language writes: `tŠglich`.
fn has_capitals_within(sample: &[u8], encoding: &'static Encoding) -> bool {
    let (text, _) = encoding.decode_without_bom_handling(sample);
    let pairs = text.chars().zip(text.chars().skip(1));
    let within = pairs.filter(|(one, next)| one.is_lowercase() && next.is_uppercase() && !next.is_ascii());
    within.take(2).count() == 2
}

/// Whether the letters are at the code points of the old Macintosh encoding, where Windows has hardly any.
fn is_of_macintosh(sample: &[u8]) -> bool {
    let is_quote = |byte: &u8| matches!(byte, 0x80 | 0x85 | 0x91..=0x97);
    let letters = sample.windows(3).filter(|three| (0x80..=0x9f).contains(&three[1]) && !is_quote(&three[1]));
    let within = letters.filter(|three| three[0].is_ascii_alphabetic() || three[2].is_ascii_lowercase()).count();
    let (text, _) = MACINTOSH.decode_without_bom_handling(sample);
    let western = |letter: char| letter.is_ascii() || LETTERS.contains(letter);
    within >= 2 && text.chars().all(western) && !sample.iter().any(|byte| (0xc0..0xd0).contains(byte) || *byte > 0xd8)
}

#[cfg(test)]
mod tests {
    use encoding_rs::{
        BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, IBM866, ISO_2022_JP, KOI8_R, SHIFT_JIS, WINDOWS_874,
        WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257,
    };

    use crate::{decode::decode, parse};

    const SAID: &[(&[&Encoding], &str, &str, &str)] = &[
        (&[SHIFT_JIS, EUC_JP, ISO_2022_JP], "田中太郎", "先週はいかがでしたか。", "上司と話しました。"),
        (&[GBK, GB18030], "王芳", "这周过得怎么样？", "我和经理谈过了。"),
        (&[BIG5], "王芳", "這週過得怎麼樣？", "我和經理談過了。"),
        (&[EUC_KR], "김민지", "이번 주는 어땠어요?", "팀장님과 이야기했어요."),
        (&[WINDOWS_1251, KOI8_R, IBM866], "Мария Иванова", "Как прошла неделя?", "Я говорила с начальником."),
        (&[WINDOWS_1250], "Łukasz Wójcik", "Jak minął tydzień?", "Rozmawiałem z szefem, tak jak się umówiliśmy."),
        (&[WINDOWS_1250], "Jiří Dvořák", "Jak proběhl týden?", "Mluvil jsem se šéfem, příště zavolám."),
        (&[WINDOWS_1250], "Győző Erdős", "Hogy telt a hét?", "Beszéltem a főnökömmel, jövő héten felhívom."),
        (&[WINDOWS_1253], "Μαρία Παππά", "Πώς πήγε η εβδομάδα;", "Μίλησα με τον προϊστάμενό μου."),
        (&[WINDOWS_1254], "Gülşen Çağrı", "Haftan nasıl geçti?", "Müdürümle konuştum, çok iyi geçti."),
        (&[WINDOWS_1255], "דנה כהן", "איך עבר השבוע?", "דיברתי עם המנהל שלי."),
        (&[WINDOWS_1256], "علي حسن", "كيف كان أسبوعك؟", "تحدثت مع مديري يوم الخميس."),
        (&[WINDOWS_874], "มาลี", "สัปดาห์ที่แล้วเป็นอย่างไร", "ฉันได้คุยกับหัวหน้าแล้ว"),
        (&[WINDOWS_1257], "Jūratė Žemaitė", "Kaip praėjo savaitė?", "Kalbėjau su vadovu, išsiųsiu planą, žinoma."),
        (&[WINDOWS_1252], "Guðrún Þórsdóttir", "Hvað gerðir þú?", "Ég talaði við yfirmanninn, það gekk vel."),
        (&[WINDOWS_1252], "Zoë Müller", "Wie war die Woche?", "Schön, größer als gedacht."),
        (&[WINDOWS_1252], "Élise Façade", "Ça va ?", "L’équipe a été prévenue, cœur léger."),
        (&[WINDOWS_1252], "Åsa Bjørk", "Hur går det?", "Jag går på fredag, så får vi se."),
        (&[WINDOWS_1252, WINDOWS_1257], "Tom", "A na\u{ef}ve plan?", "Yes, in a caf\u{e9}."),
    ];

    /// In each encoding, as captions, text and JSON.
    #[test]
    fn letters_are_right_in_every_encoding() {
        let mut wrong = Vec::new();
        for (encodings, name, asks, says) in SAID {
            let lines = [("Coach", asks), (name, says), ("Coach", says), (name, asks)];
            let mut vtt = String::from("WEBVTT\n\n");
            let (mut srt, mut text, mut segments) = (String::new(), String::new(), Vec::new());
            for (at, (name, said)) in lines.iter().enumerate() {
                vtt += &format!("00:0{at}.000 --> 00:0{at}.900\n<v {name}>{said}</v>\n\n");
                srt += &format!("{at}\n00:00:0{at},000 --> 00:00:0{at},900\n{name}: {said}\n\n");
                text += &format!("[00:0{at}] {name}: {said}\n");
                segments.push(serde_json::json!({ "start": at, "end": at, "text": said, "speaker": name }));
            }
            let json = serde_json::json!({ "segments": segments }).to_string();
            for (encoding, file) in encodings
                .iter()
                .flat_map(|encoding| [(encoding, &vtt), (encoding, &srt), (encoding, &text), (encoding, &json)])
            {
                let (bytes, _, unmappable) = encoding.encode(file);
                if unmappable {
                    continue;
                }
                let read = parse(&bytes).expect("a transcript");
                let seen: Vec<(&str, &str)> = read
                    .utterances
                    .iter()
                    .map(|said| (said.label.as_deref().unwrap_or(""), said.text.as_str()))
                    .collect();
                let wanted: Vec<(&str, &str)> = lines.iter().map(|(name, said)| (*name, **said)).collect();
                let warned = read.warnings.iter().any(|warning| warning.message.contains("saved as Unicode"));
                if seen != wanted || !warned {
                    wrong.push(format!("{} {name} {:?}: {seen:?} {:?}", encoding.name(), read.format, read.warnings));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn an_old_macintosh_is_known() {
        // As it encoded ë, ö, ü, ß and ä.
        let file =
            b"[00:04] Zo\x91: Wie war die Woche f\x9fr dich?\n[00:09] J\x9arg: Gr\x9a\xa7er als gedacht, t\x8aglich.\n";
        let read = decode(file);
        assert_eq!(
            (read.encoding, read.text.contains("Zoë") && read.text.contains("Größer als gedacht, täglich")),
            ("macintosh", true)
        );
        for said in [
            "Sch\u{9a}n, t\u{8a}glich w\u{8a}hlen wir sp\u{8a}ter.",
            "d\u{8e}j\u{88} pr\u{8e}v\u{8e}t\u{8e}, l'\u{8e}cole a \u{8e}t\u{8e} \u{8e}cart\u{8e}e",
        ] {
            let file: Vec<u8> =
                format!("[00:04] Ana: {said}").chars().filter_map(|letter| u8::try_from(letter).ok()).collect();
            assert_eq!(decode(&file).encoding, "macintosh", "{said}");
        }
    }

    #[test]
    fn a_guess_by_little_is_said_to_be_one() {
        let said = |bytes: &[u8]| decode(bytes).warning.expect("it is no Unicode").message;
        let (name, ..) = GBK.encode("王芳");
        let few = [b"Maya: Hello.\n".as_slice(), &name, b": Hi.\nMaya: So.\n"].concat();
        assert!(said(&few).contains("too little shows"), "{}", said(&few));
        let damaged = [
            b"Maya: \x83\x65\x83\x58\x83\x67\x82\xb7\x82\xe9\x82\xb1\x82\xc6\n".as_slice(),
            b"Tom: \xfd\xfe\xff\xfd\n",
        ]
        .concat();
        assert!(said(&damaged).contains("UTF-8 and upload"), "{}", said(&damaged));
        assert!(decode(b"Maya: \x1b[1mso\x1b[0m").warning.is_none(), "colours are no Japanese");
        assert_eq!(decode("Zoë".as_bytes()).encoding, "UTF-8");
    }
}
