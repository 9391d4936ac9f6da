//! Labels that tools give to anyone ("Speaker 1", "Спикер №1", "You", "iPhone"). Pure.
//!
//! There are two rules; the first works in any language. Labels of one session that differ only by a number or letter
//! ("話者1" and "話者2", "S1" and "S2") are numbered, not names; so is a single word followed by a separate number or
//! letter, unless the word is a name ("Priya R"). The second rule lists words that tools use, in many languages. Days
//! and relatives count too, unless a known person has that name: "Monday" is a diary entry, and everyone has a "Dad".
//! What is said about such a label applies only to its own session.

use std::{collections::HashMap, sync::LazyLock};

use regex::Regex;

use super::{alias_key, is_title, nicknames, parts};

/// Whether tools are known to give this label to anyone, going by its words alone.
#[must_use]
pub fn is_generic(label: &str) -> bool {
    static GENERIC: LazyLock<Regex> = LazyLock::new(|| {
        let before = "unknown|unidentified|anonymous|new|external|unnamed|no name|the|my|your|zoom|teams|webex|google|\
                      meet|apple|samsung|iphone|ipad|phone|speaker|guest|participant|meeting|conference|board|call in|\
                      dial in|mobile|user|first|second|third|local|remote|erster|erste|zweiter|zweite";
        let devices = "voice|voix|voz|stimme|channel|kanal|canal|canale|ch|mic|microphone|\
                       mikrofon|microfono|microfone|microfoon|mikrofoni|audio|system|audio system|system audio|iphone|\
                       ipad|ipod|android|galaxy|pixel|phone|mobile|tablet|computer|laptop|desktop|pc|mac|macbook|device";
        let rooms = "zoom|teams|webex|meet|room|boardroom|meeting|conference|group";
        let words = [ROLES, RECORDER, CROWD, parts::CLIENT].map(folded).join("|");
        let after =
            r"one|two|three|four|pro|max|mini|plus|air|ultra|user|room|speaker|audio|[a-z]?\d+[a-z]*|\p{Alphabetic}";
        // A number may be attached to the word: `Speaker1`, `Спикер №1`.
        let number = r"\s?(?:(?:no|nr|n)\s?)?\d+";
        regex(&format!(r"^(?:(?:{before})\s)*(?:{words}|{devices}|{rooms})(?:{number}|\s(?:{after}))*$"))
    });
    let key = alias_key(label);
    let letters = key.chars().filter(|c| c.is_alphabetic()).count();
    letters <= usize::from(key.is_ascii()) || GENERIC.is_match(&key)
}

/// Finds a session's labels that could be anyone's: by their words, by their shape, or because they are numbered.
/// `is_known` says whether a folded word is a known person's name.
pub(crate) fn among(labels: &[&str], is_known: impl Fn(&str) -> bool) -> Vec<bool> {
    let shapes: Vec<Vec<Shape>> = labels.iter().map(|label| shapes(&alias_key(label))).collect();
    // The number of different places in each numbering.
    let mut counts: HashMap<&str, Vec<&str>> = HashMap::new();
    for shape in shapes.iter().flatten() {
        let places = counts.entry(&shape.stem).or_default();
        if places.len() < 2 && !places.contains(&shape.place.as_str()) {
            places.push(&shape.place);
        }
    }
    let is_counted = |shape: &Shape| counts.get(shape.stem.as_str()).is_some_and(|places| places.len() > 1);
    let one = |(label, shapes): (&&str, &Vec<Shape>)| {
        is_generic(label)
            || is_everyday(label) && !is_known(&alias_key(label))
            || shapes.iter().any(is_counted)
            || shapes.iter().any(|shape| shape.is_anybody(&is_known))
    };
    labels.iter().zip(&shapes).map(one).collect()
}

/// Whether a label is a day of the week or a relative.
pub(crate) fn is_everyday(label: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        let words = [DAYS, RELATIVES].map(folded).join("|");
        regex(&format!("^(?:my |the )?(?:{words})$"))
    });
    WORDS.is_match(&alias_key(label))
}

/// Another label of the session that differs from this one only by a number or letter.
pub(crate) fn next_in_count<'a>(label: &str, labels: &[&'a str]) -> Option<&'a str> {
    let own = shapes(&alias_key(label));
    labels.iter().copied().find(|other| {
        let others = shapes(&alias_key(other));
        own.iter().any(|a| others.iter().any(|b| a.stem == b.stem && a.place != b.place))
    })
}

/// `You`, `Me`, `Microphone`: the person who recorded.
pub(crate) fn is_recorder(label: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        let microphones = "mic|microphone|mikrofon|microfono|microfone|microfoon|mikrofoni|local|local speaker";
        regex(&format!("^(?:the |my |your )?(?:{}|{microphones})(?: audio)?$", folded(RECORDER)))
    });
    WORDS.is_match(&alias_key(label))
}

/// `Others`, `Them`, `Conference Room`: whoever is at the other end, possibly several people.
pub(crate) fn is_crowd(label: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        let rooms = "(?:board ?|conference ?|meeting ?)?room|boardroom|system|system audio|audio system|remote(?: audio)?|\
                     (?:computer|desktop|speaker) audio|group";
        regex(&format!(r"^(?:the |remote )?(?:{}|{rooms})(?: \d+)?$", folded(CROWD)))
    });
    WORDS.is_match(&alias_key(label))
}

/// A label read as a numbered one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shape {
    /// The label, with a bar in place of the number.
    stem: String,
    /// The number or the letter.
    place: String,
    /// Whether it is just one word and a number, so that it counts as numbered even alone.
    is_one_word: bool,
}

impl Shape {
    fn is_anybody(&self, is_known: impl Fn(&str) -> bool) -> bool {
        let word = self.stem.trim_matches(['|', ' ']);
        self.is_one_word && !word.is_empty() && !(nicknames::is_given(word) || is_title(word) || is_known(word))
    }
}

/// The ways to read a folded label as a numbered one.
fn shapes(key: &str) -> Vec<Shape> {
    /// Number signs: `№`, `Nr.`
    const SIGNS: [&str; 7] = ["no", "nr", "n", "num", "number", "nummer", "numero"];
    /// Ordinals in Chinese, Japanese and Korean.
    const ORDINALS: &str = "一二三四五六七八九十甲乙丙丁가나다라마바사";
    let mut words: Vec<&str> = key.split(' ').filter(|word| !word.is_empty()).collect();
    let mut found = Vec::new();
    let runs: Vec<&str> = key.split(|c: char| !c.is_numeric()).filter(|run| !run.is_empty()).collect();
    if let [number] = runs.as_slice()
        && number.chars().count() <= 4
    {
        let stem = key.replacen(number, " | ", 1);
        let is_sign = |word: &&str| !SIGNS.contains(word);
        let left: Vec<&str> = stem.split(' ').filter(|word| !word.is_empty()).collect();
        let kept: Vec<&str> = if left.len() > 2 { left.into_iter().filter(is_sign).collect() } else { left };
        let at_end = kept.first() == Some(&"|") || kept.last() == Some(&"|");
        let is_one_word = kept.len() == 2 && at_end;
        found.push(Shape { stem: kept.join(" "), place: (*number).to_owned(), is_one_word });
    }
    let is_letter = |c: char| {
        c.is_lowercase() || matches!(c, '\u{5d0}'..='\u{5ea}' | '\u{621}'..='\u{64a}') || ORDINALS.contains(c)
    };
    let mut last = words.last().map_or("", |word| word).chars();
    if words.len() > 1
        && let (Some(letter), None) = (last.next(), last.next())
        && is_letter(letter)
    {
        words.pop();
        // `P. R.` are a person's initials.
        let is_one_word = words.len() == 1 && words[0].chars().count() > 1;
        found.push(Shape { stem: format!("{} |", words.join(" ")), place: letter.into(), is_one_word });
    } else if let Some(letter) = key.chars().last().filter(|c| ORDINALS.contains(*c))
        && key.chars().count() > 2
    {
        let stem = key.trim_end_matches(letter);
        found.push(Shape { stem: format!("{stem}|"), place: letter.into(), is_one_word: false });
    }
    found
}

/// The words of a list as alternatives, folded like labels.
fn folded(words: &str) -> String {
    let words = words.split_whitespace().map(|word| alias_key(&word.replace('_', " ")));
    words.map(|word| regex::escape(&word)).collect::<Vec<_>>().join("|")
}

/// What tools call a person in a session; a space inside is written `_`.
const ROLES: &str = "speaker spk spkr unknown anonymous participant person people user guest caller callee attendee host \
    cohost organizer presenter moderator interviewer interviewee facilitator admin owner agent operator representative \
    rep advisor adviser supervisor ivr narrator voiceover voice_over client clients coachee customer patient mentee \
    doctor therapist counselor counsellor mentor male female man woman name \
    sprecher sprecherin sprecher_in teilnehmer teilnehmerin gast unbekannt unbekannter_sprecher klient klientin kunde \
    kundin patientin therapeut therapeutin redner rednerin gesprächspartner \
    locuteur locutrice interlocuteur intervenant intervenante orateur oratrice invité thérapeute participante inconnu \
    cliente paciente terapeuta orador oradora hablante locutor locutora participante invitado invitada desconocido \
    falante convidado convidada desconhecido interlocutor parlante relatore oratore partecipante ospite paziente \
    interlocutore sconosciuto spreker deelnemer klant onbekend onbekende gesprekspartner \
    talare deltagare okänd gäst klient taler deltaker deltager ukjent ukendt gjest gæst puhuja osallistuja tuntematon \
    vieras kõneleja osaleja runātājs kalbėtojas mówca rozmówca uczestnik nieznany gość prelegent \
    řečník mluvčí účastník neznámý host rečník hovorca účastník govornik sudionik učesnik beszélő résztvevő ismeretlen \
    vorbitor participant necunoscut konuşmacı katılımcı bilinmeyen misafir folës \
    спикер говорящий диктор участник собеседник неизвестный гость клиент голос мовець спікер учасник співрозмовник \
    говорител участник говорник ομιλητής ομιλήτρια συμμετέχων άγνωστος \
    דובר דוברת המתדיין משתתף לא_ידוע متحدث المتحدث متكلم مشارك مجهول گوینده شرکت‌کننده \
    वक्ता स्पीकर प्रतिभागी বক্তা ผู้พูด ผู้เข้าร่วม pembicara peserta penutur người_nói người_tham_gia \
    说话人 說話人 说话者 說話者 讲话人 講話人 讲者 講者 发言人 發言人 发言者 發言者 参会人 參會人 与会者 與會者 参与者 參與者 主讲人 \
    嘉宾 嘉賓 访客 訪客 用户 用戶 未知 未知说话人 话者 \
    話者 発言者 発話者 スピーカー 参加者 話し手 不明 ゲスト 화자 발화자 참석자 참가자 발표자 연사 스피커 게스트";

/// Days of the week; "Domingo" and "Sunday" are names too, and count as names if someone has that name.
const DAYS: &str = "monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag \
    sonnabend sonntag måndag tisdag onsdag torsdag fredag lördag söndag lunes martes miércoles jueves viernes sábado domingo \
    lundi mardi mercredi jeudi vendredi samedi dimanche lunedì martedì mercoledì giovedì venerdì domenica segunda-feira \
    terça-feira quarta-feira quinta-feira sexta-feira today tomorrow yesterday heute morgen gestern";

/// Relatives, as people call them.
const RELATIVES: &str = "mum mummy mom mommy mother dad daddy father grandma grandpa granny wife husband brother sister son daughter \
    mama papa mutter vater mutti vati oma opa frau mann bruder schwester sohn tochter maman père mère mari frère sœur \
    mamá papá madre padre hermano hermana mamma babbo fratello sorella mãe pai irmão irmã";

/// The person who recorded. Words that are also names ("Ben", "Mina", "Yo") are left out.
const RECORDER: &str = "you me myself self ich moi vous usted você ik jij jag jeg siz я ты вы ви εγώ אני אתה أنا أنت \
    我 你 您 自己 本人 私 自分 あなた 본인";

/// Whoever is at the other end. Words that are also names ("André", "Alla") are left out.
const CROWD: &str = "other others them they everyone everybody all both team guests participants attendees speakers \
    remote_participants remote_speaker other_participants other_speakers other_side far_end \
    andere anderen die_anderen alle teilnehmende autres les_autres tous otros los_otros todos outros os_outros altri gli_altri \
    tutti iedereen muut kaikki inni wszyscy ostatní všichni mások mindenki alții diğerleri \
    herkes другие остальные все собеседники інші всі άλλοι אחרים الآخرون 其他人 其他 对方 對方 大家 他の人 相手 全員 다른_사람 상대방 모두";

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are constants that the tests compile")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(labels: &[&str]) -> Vec<bool> {
        among(labels, |word| ["maya", "okafor", "zdzisława", "zdzislawa", "mrozek"].contains(&word))
    }

    #[test]
    fn labels_that_are_known_words_are_anybodys() {
        for label in [
            "",
            "Speaker 1",
            "SPEAKER_00",
            "spk_0",
            "Unknown Speaker",
            "A",
            "Speaker B",
            "iPhone",
            "iPad (2)",
            "Guest",
            "Zoom user",
            "+1 415 555 0100",
            "Conference Room 3",
            "Client",
            "🙂",
            "iPhone 13 Pro",
            "Galaxy S21",
            "Me",
            "AGENT",
            "CUSTOMER",
            "agent_1",
            "Channel 0",
            "ch_0",
            "Speaker",
            "spk",
            "Speaker?",
            "Спикер №1",
            "Говорящий",
            "说话人1",
            "話者 2",
            "참석자1",
            "Mówca 1",
            "Konuşmacı 2",
            "Ομιλητής",
            "متحدث 1",
            "Others",
            "Microphone",
            "System audio",
            "You",
            "Ich",
            "Sprecher A",
            "Спикер А",
            "Sprecher:in 1",
            "Hablante 1",
            "Participant n° 2",
        ] {
            assert!(is_generic(label), "{label}");
        }
        for label in [
            "Priya",
            "Tom's iPhone",
            "Speaker Pelosi",
            "Bo",
            "李",
            "Mei Guest",
            "User Experience Tom",
            "P R",
            "Julie",
            "Julia",
            "王伟",
            "Tom A",
            "Gast Michel",
            "Mr. T!",
            "María del Carmen de la Fuente Ortega",
            "Ian",
            "Mia",
        ] {
            assert!(!is_generic(label), "{label}");
        }
    }

    #[test]
    fn labels_of_one_session_that_are_a_count_are_anybodys_in_any_language() {
        for labels in [
            ["Спикер №1", "Спикер №2"],
            ["Qwortl 1", "Qwortl 2"],
            ["Qwortl A", "Qwortl B"],
            ["话者1", "话者2"],
            ["話者一", "話者二"],
            ["S1", "S2"],
            ["P01", "P02"],
            ["The person on line 1", "The person on line 2"],
            ["1. Hizlari", "2. Hizlari"],
            ["Hizlari_01", "Hizlari_02"],
            ["Tom A", "Tom B"],
            ["Anna 1", "Anna 2"],
        ] {
            assert_eq!(found(&labels), [true, true], "{labels:?}");
            assert_eq!(next_in_count(labels[0], &labels), Some(labels[1]));
        }
        for labels in [
            ["Julie", "Julia"],
            ["Tom", "Tim"],
            ["Priya Raman", "Priya Raman (2)"],
            ["王一", "王二"],
            ["Maya Okafor", "Tom A"],
            ["王 伟", "王 芳"],
            ["Anna Berg", "Anna Borg"],
        ] {
            assert_eq!(found(&labels), [false, false], "{labels:?}");
        }
    }

    #[test]
    fn days_and_relatives_are_anybodys_unless_somebody_is_called_so() {
        for label in ["Monday", "Dad", "My wife", "Mittwoch", "Maman", "Miércoles"] {
            assert_eq!(found(&[label]), [true], "{label}");
        }
        assert_eq!(among(&["Sunday", "Friday"], |word| word == "sunday"), [false, true]);
        assert_eq!(found(&["Mother Teresa", "Dad Johnson"]), [false, false]);
    }

    #[test]
    fn one_word_with_a_number_or_a_letter_is_anybodys_unless_the_word_is_a_name() {
        for label in ["Hizlari 1", "Hizlari 07", "Hizlari1", "Hizlari A", "S1", "P01", "№ 2", "Hizlari nr 2"] {
            assert_eq!(found(&[label]), [true], "{label}");
        }
        for label in ["Priya R.", "Tom 2", "tom77", "Zdzisława 2", "Mrożek 2", "Mr. T!", "Anna Berg 2", "Felix (Geth)"]
        {
            assert_eq!(found(&[label]), [false], "{label}");
        }
    }

    #[test]
    fn who_recorded_and_the_other_end_are_told_apart() {
        for label in ["You", "Me", "Microphone", "Ich", "Moi", "(You)", "我"] {
            assert!(is_recorder(label) && !is_crowd(label), "{label}");
        }
        for label in ["Others", "Them", "Conference Room 3", "System audio", "Everyone", "其他人", "Les autres"] {
            assert!(is_crowd(label) && !is_recorder(label), "{label}");
        }
        for label in ["Speaker 1", "Priya", "Room mate Priya", "Youssef", "Mel"] {
            assert!(!is_crowd(label) && !is_recorder(label), "{label}");
        }
    }
}
