//! The meaning of JSON keys and table headings, whoever chose them: text, speaker, or a time and its unit.
//!
//! Pure. `startTimeMs`, `start_time_ms` and "Start time (ms)" are the same words; the lists have them run together.

use super::units::Unit;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Meaning {
    /// What is said.
    Text,
    /// Who says it, as a name or label.
    Speaker,
    /// Who says it, as a number or an identifier.
    SpeakerId,
    /// Where it was recorded: a channel, the microphone. Tells speakers apart if nothing else does.
    Source,
    Start,
    End,
    /// How long it takes.
    Duration,
}

/// Keys of a part that several people may share: it tells speakers apart only if there is neither a name nor a number.
pub(super) const PARTS: &[&str] = &[
    "role",
    "participantrole",
    "speakerrole",
    "speakertype",
    "participanttype",
    "participantpurpose",
    "partytype",
    "affiliation",
    "rolle",
    "rôle",
    "rol",
    "ruolo",
    "papel",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) meaning: Meaning,
    /// The lower, the more certain; compared among the keys of one file.
    pub(super) rank: usize,
    pub(super) unit: Option<Unit>,
    /// The words by which it was recognised.
    pub(super) known_as: &'static str,
}

/// By meaning, most certain words first. Lower case, without spaces, punctuation and units.
#[rustfmt::skip]
const WORDS: &[(Meaning, &[&str])] = &[
    (Meaning::Text, &[
        "spokentext", "text", "transcript", "transcription", "transcripttext", "transcribedtext", "displaytext", "utterance",
        "utterancetext", "sentence", "sentences", "content", "contents", "punctuatedtext", "formattedtext", "finaltext", "body",
        "message", "speech", "spoken", "said", "caption", "captiontext", "captions", "subtitle", "line", "dialogue", "dialog",
        "phrase", "statement", "passage", "remark", "segment", "segmenttext", "paragraph", "words", "punctuatedword", "word",
        "token", "snippet", "snippettext", "rawtext", "display", "utf8", "textcontent", "texts", "utterances", "transcripts", "messagecontent", "messagetext", "segmentcontent", "value",
        "texto", "texte", "testo", "tekst", "текст", "речь", "inhalt", "gesagtes", "gesprochenertext", "wortlaut", "äußerung",
        "satz", "contenido", "transcripción", "transcripcion", "transcrição", "transcricao", "transkript", "transkription",
        "trascrizione", "transcriptie", "contenu", "contenuto", "conteúdo", "phrases", "frase", "parole", "paroles", "fala",
        "uitspraak", "zin", "txt", "w", "replik", "replikk", "yttrande", "文本", "内容", "文字", "文字起こし", "発言", "発言内容", "テキスト",
        "本文", "대사", "내용", "텍스트", "نص", "النص", "metin", "äusserung", "aussage", "beitrag", "redebeitrag",
        "gesprächsbeitrag", "énoncé", "réplique", "intervención", "intervencion", "enunciado", "intervento", "uiting",
        "реплика", "высказывание", "фраза", "发言内容", "發言", "发言", "话语", "wd", "seg", "p",
    ]),
    (Meaning::Speaker, &[
        "detectedspeakername", "speakername", "speakerdisplayname", "speakerfullname", "speaker", "speakers", "speakerlabel",
        "spokenby", "saidby", "talker", "who", "voice", "speakername1", "participantname", "participant", "attendee",
        "attendeename", "displayname", "person", "personname", "username", "userdisplayname", "user", "name", "fullname",
        "author", "party", "character", "actor", "agent", "by", "spk", "speakertag",
        "sprecher", "sprecherin", "sprechername", "wer", "locuteur", "locutrice", "intervenant", "orateur", "qui", "hablante",
        "orador", "oradora", "interlocutor", "ponente", "quién", "quien", "falante", "locutor", "quem", "parlante", "relatore",
        "chi", "spreker", "wie", "talare", "taler", "puhuja", "говорящий", "спикер", "кто", "mówca", "mluvčí", "konuşmacı",
        "说话人", "发言人", "讲话人", "說話者", "話者", "発言者", "화자", "발언자", "المتحدث", "nombre", "nom", "nome", "naam", "navn", "namn",
        "имя", "teilnehmer", "teilnehmerin", "redner", "rednerin", "gesprächspartner", "interlocuteur", "interlocutrice",
        "intervenante", "oratrice", "participante", "ponentes", "interlocutora", "interlocutore", "partecipante", "oratore",
        "deelnemer", "deelneemster", "gesprekspartner", "deltagare", "deltaker", "deltager", "osallistuja", "участник",
        "собеседник", "диктор", "ктоговорит", "мовець", "учасник", "uczestnik", "rozmówca", "osoba", "řečník", "účastník",
        "beszélő", "vorbitor", "katılımcı", "konuşan", "发言者", "說話人", "说话者", "講話人", "講話者", "讲话者", "发话人", "發言人",
        "姓名", "発話者", "話し手", "参加者", "スピーカー", "氏名", "名前", "참가자", "참석자", "이름", "متحدث", "المتكلم", "المشارك",
        "الاسم", "ผู้พูด", "ชื่อ", "ngườinói", "वक्ता",
        "role", "participantrole", "speakerrole", "speakertype", "participanttype", "participantpurpose", "partytype", "affiliation", "rolle",
        "rôle", "rol", "ruolo", "papel",
    ]),
    (Meaning::SpeakerId, &[
        "speakerid", "speakeruuid", "speakeruserid", "speakeruseruuid", "speakerindex", "speakernumber", "speakerno",
        "speakeridx", "speakerkey", "participantid", "participantuuid", "participantindex", "userid", "useruuid", "personid",
        "partyid", "attendeeid", "spkid", "zoomuserid", "memberid", "speakerref", "speakeridref", "participantref", "personref",
    ]),
    (Meaning::Source, &[
        "channel", "channelid", "channeltag", "channelindex", "channelnumber", "channellabel", "channelname", "audiochannel", "mediachannel",
        "source", "audiosource", "track", "trackid", "trackname", "stream", "side", "device", "kanal", "canal", "canale",
        "kanaal", "spur",
    ]),
    (Meaning::Start, &[
        "secondsfromstart", "relativestart", "relativestarttime", "starttime", "start", "startoffset", "startat", "startsat",
        "startedat", "starttimestamp", "timestampstart", "startts", "tsstart", "starttimecode", "starttc", "tcin", "timecodein", "audiostart",
        "begin", "begintime", "beginoffset", "beginsat", "beginning", "timebegin", "timestart", "startpoint", "inpoint",
        "timein", "in", "offset", "offsettime", "timeoffset", "timestampoffset", "relativetime", "elapsed", "elapsedtime",
        "videotime", "audiotime", "snippettime", "segmentstart", "timestamp", "timecode", "starttimeofday", "time", "timestamps", "ts", "tc", "at",
        "from", "startdatetime", "datetime", "createdat", "date", "t", "st", "s", "b", "bg",
        "beginn", "anfang", "startzeit", "von", "zeit", "zeitstempel", "zeitpunkt", "zeitmarke", "début", "debut", "tempsdébut",
        "heure", "heurededébut", "horodatage", "temps", "inicio", "tiempo", "tiempoinicio", "tiempodeinicio", "horadeinicio",
        "marcadetiempo", "hora", "início", "tempo", "tempoinicial", "inizio", "tempoinizio", "ora", "begintijd", "starttijd",
        "tijd", "tijdstempel", "starttid", "tid", "tidpunkt", "tidsstämpel", "alku", "aika", "начало", "времяначала", "время",
        "początek", "czas", "začátek", "čas", "başlangıç", "zaman", "开始", "开始时间", "起始时间", "时间", "時間", "開始", "開始時間",
        "開始時刻", "時刻", "시작", "시작시간", "시간", "البداية", "الوقت",
    ]),
    (Meaning::End, &[
        "relativeend", "relativeendtime", "endtime", "end", "endoffset", "endat", "endsat", "endedat", "endtimestamp",
        "timestampend", "endts", "tsend", "endtimecode", "endtc", "tcout", "timecodeout", "audioend", "stop", "stoptime", "stopat", "finish",
        "finishtime", "timeend", "timeout", "endpoint", "outpoint", "out", "to", "until", "enddatetime", "et", "e",
        "ende", "endzeit", "bis", "fin", "tempsfin", "heuredefin", "final", "tiempofin", "tiempodefin", "horadefin", "fim",
        "tempofinal", "fine", "tempofine", "eindtijd", "einde", "eind", "sluttid", "slut", "slutt", "loppu", "конец",
        "времяокончания", "окончание", "koniec", "konec", "bitiş", "结束", "结束时间", "終了", "終了時間", "終了時刻", "結束",
        "종료", "종료시간", "끝", "النهاية",
    ]),
    (Meaning::Duration, &[
        "duration", "dur", "d", "length", "durationtime", "audioduration", "dauer", "länge", "durée", "duree", "duración", "duracion",
        "duração", "duracao", "durata", "duur", "varaktighet", "varighed", "varighet", "kesto", "длительность",
        "продолжительность", "时长", "時長", "長さ",
    ]),
];

#[rustfmt::skip]
const UNITS: &[(Unit, &[&str])] = &[
    (Unit::Nanoseconds, &["ns", "nanos", "nanoseconds", "nanosecond", "nanosec"]),
    (Unit::Ticks, &["ticks"]),
    (Unit::Microseconds, &["us", "µs", "micros", "microseconds", "microsecond", "microsec"]),
    (Unit::Milliseconds, &[
        "ms", "msec", "msecs", "millis", "milli", "milliseconds", "millisecond", "millisec", "millisekunden", "millisecondes",
        "milisegundos", "millisecondi", "мс", "毫秒", "ミリ秒",
    ]),
    (Unit::Seconds, &[
        "s", "sec", "secs", "second", "seconds", "sek", "sekunden", "secondes", "segundos", "secondi", "seconden", "sekunder",
        "сек", "с", "секунды", "秒",
    ]),
    (Unit::Minutes, &["min", "mins", "minutes", "minuten", "minutos", "minuti"]),
    (Unit::Samples, &["sample", "samples"]),
    (Unit::Frames, &["frame", "frames"]),
];

/// Headings of notes about each utterance: a few values that alternate, but aren't names. Run together.
#[rustfmt::skip]
const OF_NOTES: &[&str] = &[
    "sentiment", "emotion", "emotions", "mood", "tone", "topic", "topics", "theme", "category", "type", "kind", "status", "language",
    "lang", "locale", "model", "file", "filename", "tag", "tags", "section", "chapter", "style", "layer", "color", "colour", "event",
    "intent", "act", "confidence", "quality", "sprache", "thema", "stimmung", "kategorie", "typ", "langue", "sujet", "humeur",
    "catégorie", "idioma", "tema", "categoría", "tipo", "lingua", "taal", "onderwerp", "språk", "ämne", "язык", "тема",
];

/// Whether an unknown key or heading may be above names.
pub(super) fn may_head_names(key: &str) -> bool {
    meaning(key).is_none() && !OF_NOTES.contains(&words(key).concat().as_str())
}

/// The maximum length of a heading.
const LONGEST: usize = 60;

/// The meaning of a key or heading; `None` if it's unknown.
pub(super) fn meaning(key: &str) -> Option<Key> {
    if key.len() > LONGEST {
        return None;
    }
    // "Start (hh:mm:ss)", "Text / Transcript": the rest is only an explanation.
    let bare = || key.split(['(', '[', '/', '<']).next().filter(|bare| bare.len() < key.len());
    of_words(key).or_else(|| of_words(bare()?))
}

fn of_words(key: &str) -> Option<Key> {
    let mut words = words(key);
    let mut unit = None;
    if words.len() > 1 {
        unit = words.last().and_then(|last| unit_of(last));
        // "frameStart", "sample_offset"
        let counted = unit_of(&words[0]).filter(|unit| matches!(unit, Unit::Samples | Unit::Frames));
        if counted.is_some() && unit.is_none() {
            unit = counted;
            words.remove(0);
        } else if unit.is_some() {
            words.pop();
            // "start in seconds"
            if words.len() > 1 && words.last().is_some_and(|word| word == "in") {
                words.pop();
            }
        }
    }
    let joined = words.concat();
    let found = WORDS.iter().find_map(|(meaning, known)| {
        known.iter().position(|known| *known == joined).map(|rank| (*meaning, rank, known[rank]))
    });
    let (meaning, rank, known_as) = found?;
    // A unit belongs to a time; one that states its unit is the most certain.
    let timed = matches!(meaning, Meaning::Start | Meaning::End | Meaning::Duration);
    let unit = unit.or_else(|| (known_as == "secondsfromstart").then_some(Unit::Seconds));
    (timed || unit.is_none()).then_some(Key {
        meaning,
        rank: if unit.is_some() { 0 } else { rank + 1 },
        unit,
        known_as,
    })
}

fn unit_of(word: &str) -> Option<Unit> {
    UNITS.iter().find(|(_, names)| names.contains(&word)).map(|(unit, _)| *unit)
}

/// The words of a key, in lower case: `startTimeMs` has three.
fn words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = None;
    for letter in key.chars() {
        if letter.is_alphanumeric() || letter == 'µ' {
            let begins = match before {
                None => true,
                // In `speakerID` and `startMS`, capitals are adjacent.
                Some(last) => letter.is_uppercase() && char::is_lowercase(last),
            };
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
            before = Some(letter);
        } else {
            before = None;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{Meaning, Unit, meaning};

    #[test]
    fn a_key_means_the_same_however_it_is_spelled() {
        for (key, wanted) in [
            ("startTimeMs", Some((Meaning::Start, Some(Unit::Milliseconds)))),
            ("start_time_ms", Some((Meaning::Start, Some(Unit::Milliseconds)))),
            ("Start time (ms)", Some((Meaning::Start, Some(Unit::Milliseconds)))),
            ("Start in seconds", Some((Meaning::Start, Some(Unit::Seconds)))),
            ("start_sample", Some((Meaning::Start, Some(Unit::Samples)))),
            ("frameStart", Some((Meaning::Start, Some(Unit::Frames)))),
            ("Teilnehmer", Some((Meaning::Speaker, None))),
            ("Говорящий", Some((Meaning::Speaker, None))),
            ("讲话人", Some((Meaning::Speaker, None))),
            ("offsetInTicks", Some((Meaning::Start, Some(Unit::Ticks)))),
            ("secondsFromStart", Some((Meaning::Start, Some(Unit::Seconds)))),
            ("starts", None),
            ("In", Some((Meaning::Start, None))),
            ("Start (hh:mm:ss.ms)", Some((Meaning::Start, None))),
            ("Text / Transcript", Some((Meaning::Text, None))),
            ("SpeakerID", Some((Meaning::SpeakerId, None))),
            ("Speaker Name", Some((Meaning::Speaker, None))),
            ("Sprecher", Some((Meaning::Speaker, None))),
            ("说话人", Some((Meaning::Speaker, None))),
            ("Transcripción", Some((Meaning::Text, None))),
            ("text_ms", None),
            ("summary", None),
            ("", None),
        ] {
            assert_eq!(meaning(key).map(|key| (key.meaning, key.unit)), wanted, "{key}");
        }
    }
}
