//! Who coaches and who is coached, from what is said alone. Pure.
//!
//! For generic labels. Who talks more is no evidence: some coaches lecture, some hardly speak. What counts is who the
//! words are about: a coach asks, guides and says "you"; a client answers and says "my". Each kind of evidence is a
//! ratio between two speakers, capped so that none decides alone; below [`CLEAR`], or if too little was said, the
//! answer is `None`.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;

use super::lexicon::{self, Lexicon};

/// One utterance, as needed to tell who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utterance<'a> {
    /// The index of its label among the session's labels.
    pub label: usize,
    /// The words, as transcribed.
    pub text: &'a str,
}

/// The minimum score that decides roles. See `Evidence::against`.
pub const CLEAR: f32 = 2.5;

/// How much more evidence is needed in languages that were evaluated on less than English.
const OTHER_LANGUAGE: f32 = 0.5;

/// The minimum number of turns of each of the two, and of words of both together.
const FEWEST_TURNS: u32 = 3;
const FEWEST_WORDS: u32 = 100;

/// Who coaches among several speakers.
#[derive(Clone, Debug, PartialEq)]
pub struct Coaching {
    /// The index of the coach's label.
    pub coach: usize,
    /// The strength of the evidence; see [`CLEAR`].
    pub score: f32,
    /// From 0 to 1.
    pub confidence: f32,
    /// What identifies the coach, as the end of a sentence: `asks most of the questions and gives guidance`.
    pub because: String,
    /// What identifies the other, as the end of a sentence; only if there is exactly one other.
    pub other_because: String,
}

/// What one speaker does with words.
#[derive(Clone, Copy, Debug, Default)]
struct Evidence {
    words: u32,
    turns: u32,
    you: u32,
    own: u32,
    questions: u32,
    asks_you: u32,
    guides: u32,
    tells: u32,
    /// Says "Hello, doctor" or "Thanks, coach" to somebody.
    titles_other: u32,
    titles_self: u32,
    opens: bool,
}

/// The speaker who coaches, if the text clearly says so: compared with each other speaker who says enough to be judged.
#[must_use]
pub fn coaching(said: &[Utterance<'_>]) -> Option<Coaching> {
    let best = likeliest(said)?;
    (best.score >= CLEAR).then_some(best)
}

/// How strongly the text suggests that `coach` coaches `client`: positive for, negative against; `None` if too little
/// was said. Below `-CLEAR / 2`, a label that says otherwise is doubtful.
#[must_use]
pub fn support(coach: usize, client: usize, said: &[Utterance<'_>]) -> Option<f32> {
    let evidence = gather(said, lexicon::of(said));
    let (coach, client) = (evidence.get(&coach)?, evidence.get(&client)?);
    (coach.is_enough() && client.is_enough()).then(|| coach.against(client).0)
}

/// The likeliest coach, whatever the score.
#[must_use]
pub fn likeliest(said: &[Utterance<'_>]) -> Option<Coaching> {
    let lexicon = lexicon::of(said);
    let evidence = gather(said, lexicon);
    let judged: Vec<(usize, &Evidence)> =
        evidence.iter().filter(|(_, one)| one.is_enough()).map(|(label, one)| (*label, one)).collect();
    if judged.len() < 2 || judged.iter().map(|(_, one)| one.words).sum::<u32>() < FEWEST_WORDS {
        return None;
    }
    let weakest = |coach: usize, one: &Evidence| {
        let others = judged.iter().filter(|(label, _)| *label != coach);
        others.map(|(_, other)| one.against(other)).min_by(|a, b| a.0.total_cmp(&b.0))
    };
    let (coach, (score, for_coach)) = judged
        .iter()
        .filter_map(|(label, one)| Some((*label, weakest(*label, one)?)))
        .max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0))?;
    // A score based on few kinds of evidence is only a guess.
    let score = if for_coach.len() >= 3 { score } else { score.min(CLEAR - 0.5) };
    let score = if lexicon.is_some() { score - OTHER_LANGUAGE } else { score };
    let confidence = (1.0 / (1.0 + (-0.8 * score).exp())).min(0.94);
    let because = sentence(for_coach.iter().map(|sign| sign.of_coach));
    let other_because = sentence(for_coach.iter().filter_map(|sign| sign.of_client));
    Some(Coaching { coach, score, confidence, because, other_because })
}

fn sentence<'a>(says: impl Iterator<Item = &'a str>) -> String {
    let says: Vec<&str> = says.take(3).collect();
    match says.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// One kind of evidence: its weight, and what to tell the coach about it.
#[derive(Clone, Copy)]
struct Sign {
    weight: f32,
    of_coach: &'static str,
    of_client: Option<&'static str>,
}

const TURNS_TO: Sign =
    Sign {
        weight: 1.0, of_coach: "says “you” more than “I”", of_client: Some("says mostly “I” and “my”")
    };
const ASKS: Sign = Sign { weight: 0.7, of_coach: "asks more of the questions", of_client: None };
const ASKS_YOU: Sign = Sign { weight: 0.7, of_coach: "asks how the other person feels and is doing", of_client: None };
const GUIDES: Sign = Sign { weight: 0.7, of_coach: "guides and recommends", of_client: None };
const TELLS: Sign =
    Sign { weight: 0.7, of_coach: "says little about their own life", of_client: Some("talks about their own life") };
const OPENS: Sign = Sign { weight: 0.25, of_coach: "opens the conversation", of_client: None };
const TITLE: Sign = Sign {
    weight: 0.6,
    of_coach: "is addressed as coach or doctor",
    of_client: Some("addresses the other person as coach or doctor"),
};

impl Evidence {
    const fn is_enough(&self) -> bool {
        self.turns >= FEWEST_TURNS && self.you + self.own > 0
    }

    /// The score for this speaker as the coach of the other, and the signs for it, strongest first.
    fn against(&self, other: &Self) -> (f32, Vec<Sign>) {
        let part = |some: u32, all: u32, smooth: f32| (count(some) + smooth) / (count(all) + 2.0 * smooth);
        let rate = |some: u32, words: u32| count(some) * 100.0 / count(words.max(1)) + 0.3;
        let odds = |one: &Self| {
            let turns_to = part(one.you, one.you + one.own, 2.0);
            (turns_to / (1.0 - turns_to)).ln()
        };
        let ratio = |of: fn(&Self) -> u32| (rate(of(self), self.words) / rate(of(other), other.words)).ln();
        let by_turn = |one: &Self| (count(one.questions) + 1.0) / (count(one.turns) + 4.0);
        let signed = |is: bool, isnt: bool| f32::from(i8::from(is) - i8::from(isnt)) * 2.0;
        let differences = [
            (TURNS_TO, odds(self) - odds(other)),
            (ASKS, (by_turn(self) / by_turn(other)).ln()),
            (ASKS_YOU, ratio(|one| one.asks_you)),
            (GUIDES, ratio(|one| one.guides)),
            (TELLS, -ratio(|one| one.tells)),
            (OPENS, signed(self.opens, other.opens)),
            (
                TITLE,
                signed(
                    other.titles_other + self.titles_self > 0 && self.titles_other == 0,
                    self.titles_other + other.titles_self > 0 && other.titles_other == 0,
                ),
            ),
        ];
        let mut weighed: Vec<(f32, Sign)> =
            differences.into_iter().map(|(sign, by)| (sign.weight * by.clamp(-2.0, 2.0), sign)).collect();
        let score = weighed.iter().map(|(by, _)| by).sum();
        weighed.sort_by(|a, b| b.0.total_cmp(&a.0));
        (score, weighed.into_iter().filter(|(by, _)| *by > 0.2).map(|(_, sign)| sign).collect())
    }
}

fn count(count: u32) -> f32 {
    // A session's word counts are far below what a float can represent exactly.
    u16::try_from(count).map_or(f32::from(u16::MAX), f32::from)
}

fn gather(said: &[Utterance<'_>], lexicon: Option<&Lexicon>) -> BTreeMap<usize, Evidence> {
    let mut evidence: BTreeMap<usize, Evidence> = BTreeMap::new();
    for turn in turns(said) {
        let opens = evidence.is_empty();
        let one = evidence.entry(turn.0).or_insert(Evidence { opens, ..Evidence::default() });
        match lexicon {
            None => one.add(&turn.1),
            Some(lexicon) => one.add_by(lexicon, &turn.1),
        }
    }
    evidence
}

/// Consecutive utterances under one label, joined.
fn turns(said: &[Utterance<'_>]) -> Vec<(usize, String)> {
    let mut turns: Vec<(usize, String)> = Vec::new();
    for one in said.iter().filter(|one| one.text.chars().any(char::is_alphabetic)) {
        match turns.last_mut() {
            Some((label, text)) if *label == one.label => {
                text.push(' ');
                text.push_str(one.text);
            }
            _ => turns.push((one.label, one.text.to_owned())),
        }
    }
    turns
}

impl Evidence {
    fn add(&mut self, text: &str) {
        // Tokenised transcripts split the end of "didn't" off.
        let text = text.to_lowercase().replace('’', "'").replace(" n't", "n't").replace(" '", "'");
        self.turns += 1;
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty()) {
            self.words += words_of(word);
            match word {
                "you" | "your" | "yours" | "yourself" | "you're" | "you've" | "you'll" | "you'd" => self.you += 1,
                "i" | "my" | "me" | "mine" | "myself" | "i'm" | "i've" | "i'll" | "i'd" => self.own += 1,
                _ => {}
            }
        }
        self.questions += u32::from(is_question(&text));
        self.asks_you += hits(&ASKS_OF_YOU, &text);
        self.guides += hits(&GUIDANCE, &text);
        self.tells += hits(&OWN_LIFE, &text);
        self.titles_other += hits(&TITLE_OF_OTHER, &text);
        self.titles_self += hits(&TITLE_OF_SELF, &text);
    }
}

impl Evidence {
    /// Like [`Evidence::add`], with the words of a language other than English.
    fn add_by(&mut self, lexicon: &Lexicon, text: &str) {
        self.turns += 1;
        let mut begins_sentence = true;
        for piece in text.split_whitespace() {
            let words = piece.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
            for word in words {
                let lower = word.to_lowercase();
                self.words += words_of(word);
                if lexicon.you.contains(&lower.as_str()) || !begins_sentence && lexicon.polite.contains(&word) {
                    self.you += 1;
                } else if lexicon.own.contains(&lower.as_str()) {
                    self.own += 1;
                }
                begins_sentence = false;
            }
            begins_sentence = piece.ends_with(['.', '!', '?']);
        }
        let text = text.to_lowercase().replace('’', "'");
        self.questions += u32::from(text.contains(['?', '？', '؟']) || lexicon.asking.is_match(&text));
        self.asks_you += hits(&lexicon.asks_you, &text);
        self.guides += hits(&lexicon.guides, &text);
        self.tells += hits(&lexicon.tells, &text);
    }
}

/// One word, except in scripts without spaces.
fn words_of(run: &str) -> u32 {
    u32::try_from(debrief_transcript::words::count(run)).unwrap_or(u32::MAX)
}

fn hits(regex: &Regex, text: &str) -> u32 {
    u32::try_from(regex.find_iter(text).count()).unwrap_or(u32::MAX)
}

/// Whether lower-case text asks something: by its question mark, or if a tool writes none, by how a clause begins.
pub(super) fn is_question(text: &str) -> bool {
    static ASKING: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?:^|[.!,]\s*|\b(?:and|so|but|okay|alright|right|now)\s+)(?:how|what|when|where|why|which|who|do you|did you|have you|are you|were you|can you|could you|would you|will you|is there|are there|is it|does it|any)\b",
        )
    });
    text.contains(['?', '？', '؟']) || ASKING.is_match(text) || ASKING_ELSEWHERE.is_match(text)
}

/// How questions begin in other languages, if that means nothing in English.
static ASKING_ELSEWHERE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:^|[.!,¿]\s*|\b(?:und|et|y|e|en)\s+)(?:wie|warum|wieso|weshalb|hast du|kannst du|haben sie|können sie|comment (?:tu|vous|ça|vas|allez)|pourquoi|est-ce que|qu'est-ce|cómo|qué|cuándo|dónde|por qué|por que|o que|você|perché|che cosa|hoe|waarom|heb je|kun je|wat (?:wil|heb|is|doe|vind))\b",
    )
});

static ASKS_OF_YOU: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\b(?:what|how|why|when|where) (?:\w+ )?(?:you|your)\b|\b(?:do|did|have|are|were|can|could|would|will) you\b|\byou(?:'re| are)? (?:feel|feeling|taking|doing|having|noticed|think|want)\b",
    )
});

static GUIDANCE: LazyLock<Regex> = LazyLock::new(|| {
    let wish = r"i(?:'d| would) (?:like|want|encourage|invite) (?:you|us) to|i want you to|i(?: would|'d)? (?:recommend|suggest)";
    let give = "i(?:'m going to| am going to|'ll|'m gonna| will) \
                (?:have|let|ask|send|give|prescribe|order|refer|get|put|see|write|share|check) (?:you|your)";
    let advise =
        "you (?:should|could try|might want|need to|can try|may want)|make sure (?:that )?you|try to|think about";
    let lead = "let's|let us|let me (?:ask|know|see|just|explain|summari)|\
                we(?:'ll| will|'re going to| can| could|'re gonna| should)";
    let draw_out = "tell me|walk me through|talk (?:me )?(?:to me )?about|sounds like you|what i(?:'m| am) hearing|\
                    i hear you|how about you";
    regex(&format!(r"\b(?:{wish}|{give}|{advise}|{lead}|{draw_out})\b"))
});

static OWN_LIFE: LazyLock<Regex> = LazyLock::new(|| {
    let did = "i(?:'ve| have) been|i (?:feel|felt|think i|was|had|got|tried|don't know|went|woke|noticed|started|work|\
               live|take|used to|just want|need|can't|didn't|guess)";
    let am = "i'm (?:worried|nervous|anxious|scared|struggling|tired|doing|having|just|really|not)";
    let mine = "my (?:wife|husband|mom|mum|mother|dad|father|boss|manager|job|work|team|kids|son|daughter|partner|\
                family|friend|life|head|own)";
    regex(&format!(r"\b(?:{did}|{am}|{mine})\b"))
});

static TITLE_OF_OTHER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\b(?:hi|hey|hello|good morning|good afternoon|good evening|thanks|thank you|yes|bye)[ ,]+(?:there[ ,]+)?(?:doctor|doc|dr|coach)\b",
    )
});

static TITLE_OF_SELF: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\b(?:i'm|i am|my name is|my name's|this is) (?:your |the )?(?:\w+ )?(?:doctor|dr|coach|therapist|counsell?or)\b",
    )
});

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are constants that the tests compile")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A short session: 0 is the coach.
    pub(in crate::attribute) const SESSION: [(usize, &str); 10] = [
        (1, "Hello? Can you hear me?"),
        (0, "Yes. Good to see you. How have you been since we spoke, and what do you want to look at today?"),
        (
            1,
            "I've been all over the place. My manager moved my project again, and I felt stupid for having told my team. I was up half of the night, I went through my notes, and I don't know what I did wrong.",
        ),
        (0, "It sounds like you took it on yourself. What did you want to happen when you told them?"),
        (1, "I think I wanted them to know that I was on their side. I had told my wife the same."),
        (0, "How would you know that they do? What could you ask them?"),
        (1, "I guess I could ask my lead. I didn't try."),
        (0, "Let's make that small. For next week I'd like you to ask one of them, and tell me what you hear."),
        (1, "I can do that. I'm nervous, but I need it."),
        (0, "Try to write it down first. You could try two sentences."),
    ];

    fn said<'a>(session: &'a [(usize, &'a str)]) -> Vec<Utterance<'a>> {
        session.iter().map(|(label, text)| Utterance { label: *label, text }).collect()
    }

    #[test]
    fn the_one_who_asks_and_guides_coaches_though_the_other_opens() {
        let found = coaching(&said(&SESSION)).expect("it is clear");
        assert_eq!(found.coach, 0, "{found:?}");
        assert!(found.confidence > 0.85 && !found.because.is_empty() && !found.other_because.is_empty(), "{found:?}");
        let swapped: Vec<Utterance<'_>> =
            said(&SESSION).iter().map(|one| Utterance { label: 1 - one.label, ..*one }).collect();
        assert_eq!(coaching(&swapped).map(|found| found.coach), Some(1));
        assert!(support(0, 1, &swapped).is_some_and(|score| score < -CLEAR / 2.0));
    }

    #[test]
    fn talk_time_is_no_evidence() {
        // The coach explains at length; the client says little.
        let lecture = "You could try a smaller step: when you write to your team, you say what you need, and you ask. "
            .repeat(20);
        let session: Vec<(usize, &str)> = SESSION
            .iter()
            .map(|(label, text)| {
                (*label, if *label == 0 && text.starts_with("How would") { lecture.as_str() } else { *text })
            })
            .collect();
        assert_eq!(coaching(&said(&session)).map(|found| found.coach), Some(0));
    }

    #[test]
    fn the_text_abstains_where_it_does_not_tell() {
        let chat = [
            (0, "The release is on Tuesday, and the notes are nearly there."),
            (1, "Good, the tests pass on both machines, I looked this morning."),
            (0, "I'll merge it then. The numbers look the same as last time."),
            (1, "I'd wait for the review, the second part is not in yet."),
            (0, "Fine, I can wait until the afternoon, it makes no difference to me."),
            (1, "I think the docs need a word about the new flag as well, I'd say one paragraph."),
        ];
        assert_eq!(coaching(&said(&chat)), None);
        assert_eq!(coaching(&said(&SESSION[..3])), None, "too little was said");
        assert_eq!(coaching(&[]), None);
    }
}
