//! Who owes what: an undertaking belongs to the one who promises, not to the one who talks about it.
//!
//! ```text
//! I'll send it · let me send it · you'll get it from me      who says it
//! could you send it? – yes, tonight · I need you to …  – ok  who agrees
//! shall I send it? – please do                               who offered
//! we'll send it                                              not said who of the two
//! I can't · Tom will send it · it will be sent               nobody's here
//! ```
//!
//! English only, like all cues. If no rule applies, nobody owes anything.

use std::{borrow::Cow, ops::Range, sync::LazyLock};

use chrono::NaiveDate;
use regex::Regex;

use super::{
    super::{due, input::Speaker},
    cues, day, promise,
    speech::{Sentence, Speech},
};
use crate::model::Owner;

/// What one does for someone else: what a bare "yes" can promise.
const DEED: &str = "send|share|e-?mail|mail|forward|write|call|ring|phone|text|bring|book|prepare|draft|give|get|check|set up|put|\
    schedule|arrange|fix|finish|complete|update|post|upload|introduce|review|read|sign|fill (?:in|out)|pay|order|buy|apply|\
    contact|confirm|invite|look (?:into|up|at|for)|find|make sure|remind|connect|print|hand|pass|return|submit|organi[sz]e|\
    drop|let (?:me|us|him|her|them) (?:have|know)|do (?:that|it|this)|take care of|sort|handle|talk to|speak (?:to|with)|\
    tell (?:him|her|them)|ask (?:him|her|them)";
/// What people offer to do. "Can I ask something?" is no offer.
const OFFERED: &str = "send|share|e-?mail|mail|forward|write (?:to|you|it|that|up)|call (?:him|her|them|you)|bring|book|prepare|draft|\
    set up|put together|schedule|arrange|update|post|upload|introduce|contact|invite|find (?:you|an?|some)|remind you|connect|print|\
    pass (?:it|that|you|on)|order|organi[sz]e|drop (?:it|that|you)|get you|give you (?:the|my|a list)|let you have";
/// A word of assent.
const YES: &str = "yes|yeah|yep|yup|sure|sure thing|okay|ok|of course|absolutely|definitely|certainly|alright|all right|fine|good|\
    great|perfect|lovely|right|no problem|not a problem|gladly|happy to|with pleasure|my pleasure|not at all|oh|um+|uh+";

/// A longer request is hardly one, and can't be shown next to its answer.
const LONGEST_REQUEST: usize = 40;

macro_rules! patterns {
    ($($(#[$doc:meta])* $name:ident = $pattern:expr;)+) => {
        $($(#[$doc])* static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(&$pattern).expect("a constant pattern"));)+
    };
}

patterns! {
    /// What the other person is asked to do.
    REQUEST = format!(r"\b(?:can|could|will|would) you(?: please| also| just| maybe| perhaps| possibly| kindly)* (?:not )?\w+|^(?:so |and |then |okay,? |well,? )*please \w+|\bwould you be (?:willing|able|up for)\b|\b(?:would|do) you mind \w+ing\b|\bdo you (?:promise|commit)\b|\bare you (?:going|willing|able|ready|happy|prepared) to (?:{DEED})\b|\byou(?:'re| are) (?:committing|promising) to\b|^(?:so |and |then |ok(?:ay)?,? )*you (?:{DEED})\b.*\?|^(?:so |and |then |ok(?:ay)?,? )*you(?:'re| are) going to (?:{DEED})\b|\bi(?:'ll| will)? (?:need|want) you to\b|\bi(?:'d| would) (?:like|love|ask|need) you to\b|\bi(?:'d| would) (?:appreciate|be grateful)(?: it)? if you\b|\bit would (?:be (?:great|good|helpful|nice|lovely)|help)(?: me)? if you\b|\b(?:can|could|may|might) (?:i|we) (?:please |also |just )*(?:have|get|borrow|ask you (?:to|for))\b|\bi(?:'d| would|'ll| will)? need\b.*\bfrom you\b|\byou(?:'ll| will|'re going to| are going to)(?: also| then| please)* (?:{DEED})\b");
    /// Only asks whether what was just said is agreed.
    TAG = r"^(?:(?:so|and|ok|okay),? )*(?:is (?:that|it) (?:a deal|okay|ok|agreed|a promise|a commitment|doable)|(?:do we have a )?deal|agreed|ok|okay|all right|alright|right|yes|promise|do you promise|(?:can|could|will|would) (?:you|we) (?:commit to|promise|agree (?:to|on)|do|live with) (?:that|this|it)|can i count on (?:you|that|it)|sounds? (?:good|okay|fair)|fair)\b.{0,12}\?$";
    /// A question about what is possible, not a request.
    ONLY_ASKS = r"\b(?:can|could|will|would) you (?:say|tell|imagine|hear|see|think|feel|repeat|explain|describe|remember|give me an example|believe|help me understand|be (?:happy|able)|call (?:yourself|it|that|this)|put (?:it|that|this)|do (?:if|when|with|differently)|find (?:it|that|yourself)|give (?:it|yourself|that) (?:an?|on)|want|like|rather|prefer|change|feel|notice|know|recogni[sz]e|name|rate|rank)\b";
    /// A request that "yes" alone answers: for a deed that benefits the speaker.
    FOR_ME = r"\b(?:me|us|from you)\b|\bplease\b|\b(?:will|would) you\b|\byou(?:'ll| will)\b|\b(?:can|could|may) (?:i|we)\b|\bi(?:'d| would|'ll| will)? (?:need|want|like)\b";
    ASKS_A_DEED = format!(r"\b(?:{DEED})\b|\b(?:sending|writing|bringing|giving|sharing|booking)\b|\b(?:can|could|may|might) (?:i|we) (?:please |also |just )*(?:have|get|borrow)\b|\bfrom you\b");
    /// What is offered.
    OFFER = format!(r"\b(?:shall|can|could|may|might) (?:i|we) (?:please |also |just |maybe )*(?:{OFFERED})\b|\bshould (?:i|we) (?:also |just )*(?:{OFFERED})\b.*\byou\b|\b(?:do you want|would you like|want) me to (?:{DEED})\b|\bi(?: can| could|'d be happy to|'m happy to| am happy to| would be happy to)(?: also| always| just)* (?:{OFFERED})\b");
    /// The offer is taken.
    ACCEPTS = format!(r"^(?:(?:{YES}),? ?)*(?:please(?: do)?|do|yes|yeah|yep|sure|go ahead|absolutely|of course|definitely|(?:that|it)(?:'d| would|'s) (?:be )?(?:\w+ )?(?:great|good|lovely|helpful|nice|perfect|wonderful|super|kind|fine|brilliant)|i(?:'d| would) (?:like|love|appreciate) (?:that|it)|thank you|thanks)(?:,? (?:please|thank you|thanks|do|so much|very much|then|for me|(?:that|it)(?:'d| would|'s) (?:be )?(?:\w+ )?(?:great|good|lovely|helpful|nice|perfect|wonderful|super|kind|fine|brilliant)|i(?:'d| would) (?:like|love|appreciate) (?:that|it)))*$");
    /// The offer is accepted, with a word on how: "yes please, in German if you have it".
    ACCEPTS_SO = format!(r"^(?:(?:{YES}),? ?)*(?:please(?: do)?|(?:yes|yeah|yep|sure),? please|i(?:'d| would) (?:like|love|appreciate) (?:that|it)|(?:that|it)(?:'d| would) be (?:\w+ )?(?:great|good|lovely|helpful|nice|perfect|wonderful))(?: -| –|[,.]) ?(?:in|on|with|as|and|for|by|to|if|when|only|just|before|after|at)\b");
    ACCEPTS_NOT = r"\b(?:but|not|no|never|can't|cannot|don't|actually|unless)\b";
    /// A promise that doesn't say what is promised, without its days: "will do", "you get it".
    BARE = format!(r"^(?:(?:{YES})[,.]? ?)*(?:will do|i will(?: do)?|on it|consider it done|i(?:'ll| will) (?:do|send|bring|share|get|forward|mail|e-?mail|have) (?:you )?(?:it|that|this|them)(?: to you| over| across)?|you(?:'ll| will)?(?: also| then)* (?:get|have|receive) (?:it|that|this|them)|will do,? you(?:'ll| will)? (?:get|have|receive) (?:it|that|this|them))(?:,? (?:then|promise|i promise|for sure|of course))*$");
    /// Yes, and nothing else: the person asked promises.
    AGREES = format!(r"^(?:(?:{YES}),? ?)*(?:will do|i will(?: do)?|i can(?: do (?:it|that|this))?|(?:i'm )?on it|(?:you can )?consider (?:it|that) done|agreed|i am|i do|that's a (?:deal|promise)|you have my word|will be done|you(?:'ll| will) (?:have|get) (?:it|them|that)|you(?:'ve| have)? got it|it's a (?:deal|promise)|deal|i(?: do)? promise|sure thing|with pleasure|you can count on (?:it|me|that)|leave (?:it|that|this) (?:with|to) me|count on (?:it|me|that)|no problem|gladly|my pleasure|happy to(?: do (?:it|that|so))?|i(?:'ll| will) (?:do|send|share|bring|get|write|give|finish|make|forward|e-?mail|mail|pass|hand|drop|read|prepare|book|call|ring|sort|handle|see to|take care of|deal with|have) (?:it|that|this|so|them|those|him|her|you that|you those|you them)|i(?:'ll| will) let (?:him|her|them|you) know|it(?:'ll| will) be (?:done|there|with you|in your inbox))(?:[,.]? (?:then|absolutely|definitely|for sure|gladly|yes|yeah|sure|deal|promise|i promise|of course|okay|ok|no problem|agreed|by then|consider it done|{YES}|maya|coach|right away|straight away|at once|now|asap|over|across|off|ready|done|to you|for you|with you|over to you|along|next time|next session|first thing|with me|this minute|after this|after the call))*$");
    /// Asks who will do something.
    ASKS_WHO = format!(r"^(?:(?:so|and|then|ok|okay|but),? )*who(?:'s|'ll| is| will| can| could| would| should| takes| has| wants)?(?: going| to| on| care of| the| it)* ?(?:(?:{DEED}|talk|deal|look|take)(?:s|ing)?\b|.{{0,40}}\?)");
    /// The person asked takes it on.
    MINE = format!(r"^(?:(?:{YES}),? ?)*(?:(?:that|it|this)(?:'s|'ll be| is| one's| one is| will be| would be) (?:all )?(?:on me|mine|my (?:job|task|turn|part))|me|i do|i will|i can|i'll do (?:it|that|this)|i'll take (?:it|that|this)(?: one| on)?|i'll (?:see to|handle|sort) (?:it|that)|leave (?:it|that|this) (?:to|with) me|i(?:'ve| have) got (?:it|that|this)(?: one)?|i(?:'m| am) on (?:it|that))(?:,? (?:then|yes|of course|sure|promise))?$");
    /// Asks when the other person will do something.
    ASKS_WHEN = format!(r"\bwhen (?:will|can|do|would|could|are) you (?:going to |want to |plan to )?(?:also |then )?(?:{})\b", promise::DEED);
    /// A recurring time.
    TIMES = r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:mornings?|evenings?|afternoons?|nights?|weekends?|tomorrow|tonight|today)\b|\b(?:every|each|once|twice|at) \w+";
    /// Not a plan, but something past or uncertain.
    NO_TIME = r"\b(?:usually|always|never|not|no|maybe|perhaps|probably|don't|didn't|can't|last|ago|was|were|did|if|whenever|depends|or)\b";
    /// Says what the speaker can do.
    ABLE = r"\bi (?:can|am|do)\b";
    /// "Done by Monday."
    DONE = format!(r"^(?:(?:{YES}),? ?)*(?:(?:it(?:'s| is|'ll be| will be)|that(?:'s|'ll be)|consider it) )?(?:done|sorted|finished|sent|in your inbox|with you)(?:,? (?:then|latest|at the latest|promise|i promise))?$");
    ANY_DEED = format!(r"\b(?:you|you to|you please) (?:{})\b", promise::DEED);
    /// A day in the future.
    AHEAD = r"\b(?:by|before|until|tomorrow|tonight|today|next|end of|this)\b";
    /// Asks about the past.
    IS_PAST = r"\b(?:was|were|did|had|have you|has|been)\b";
    /// What the other person is told they will do.
    TOLD = format!(r"\byou(?:'ll| will|'re going to| are going to|'re| are)(?: also| then| please)* (?:{})\b", promise::DEED);
    /// What the other person is advised to do.
    ADVISED = format!(r"\bi(?:'d| would)?(?: \w+ly| also| just)* (?:suggest|recommend|propose|advise|encourage|urge)(?: that)? you(?: to| could| should)?(?: also| then| please)* (?:{})\b", promise::DEED);
    /// More than a nod.
    FIRMLY = r"\b(?:deal|promise|i will|will do|i am|consider it done|count on|you have my word|agreed|i'll do)\b";
    /// Assent without a verb.
    ASSENTS = format!(r"^(?:(?:{YES})[,. ]*)*(?:yes|yeah|yep|yup|sure|okay|ok|of course|absolutely|definitely|certainly|alright|all right|fine|no problem|not a problem|gladly|happy to|with pleasure|my pleasure)(?:[,. ]*(?:{YES}|then|please))*$");
    /// Assent that may just be an answer.
    YES_ALONE = r"^(?:(?:yes|yeah|yep|yup|right|good|great|perfect|lovely|oh|um+|uh+)[,. ]*)+$";
    /// Takes the assent back in the next breath.
    BUT = r"\b(?:but|not|no|never|can't|cannot|if|unless|maybe|perhaps|\w+n't)\b";

    /// The other person gets something from the speaker.
    GIVES = format!(r"\byou(?:'ll| will|'re going to| are going to| can)(?: also| then| definitely)* (?:get|have|receive|find|expect|hear)\b.*\bfrom me\b|\byou(?:'ll| will)(?: also| then| definitely)* (?:get|have|receive) my \w+|^(?:so |and |then |okay,? |please |you can )*expect (?:my \w+|.*\bfrom me\b)|\bmy [\w' -]{{2,30}} will be (?:with you|in your (?:inbox|mail))\b|\blet me (?:also |just |quickly )*(?:{OFFERED})\b|\bi owe you (?:the|that|those|my)\b");
    /// "You'll have it tonight": the days are removed beforehand.
    GIVES_BY = r"^(?:(?:so|and|then|okay|ok|yes|yeah|sure|of course|right|perfect|good|well),? )*you(?:'ll| will)(?: also| then| definitely)* (?:have|get|receive) (?:it|them|that|this|everything|all of (?:it|that)|the (?:\w+ )?(?:draft|notes|list|link|file|document|doc|plan|report|summary|slides|deck|numbers|figures|template|outline|invoice|contract|proposal|e-?mail|mail|message|recording|text|version|sheet|form|photos|dates)(?: of the \w+)?)(?: back)?(?: in your (?:inbox|mail))?(?:,? (?:then|latest|at the latest|promise|i promise))?$";
    /// The speaker gets something from the other person, who owes it if anyone does.
    GETS = r"\bi(?:'ll| will|'m going to| am going to)(?: also| then| just)* (?:expect|wait for|look forward to|await|hear)\b.*\b(?:from you|your)\b|\bi(?:'ll| will|'m going to| am going to)(?: also| then| just)* (?:get|have|receive)\b(?:.*\bfrom you\b| your \w+(?: \w+){0,4}?(?: by\b| on\b| before\b| tomorrow\b| tonight\b| today\b|[.,!]|$))";
    /// What only looks like giving.
    NOT_GIVEN = r"\bshare (?:my|the) screen\b|\bfind a (?:word|way)\b";

    /// The promise is hedged.
    HEDGED = r"\b(?:i think|i guess|i suppose|i believe|i reckon|i expect|i hope|i'd say|i would say|maybe|perhaps|probably|possibly|hopefully|i might say|i'm not sure|not sure)(?: that| if| whether)?,? (?:then )?(?:i|we|you|it|that|let me)(?:'ll| will|'ve| have|'m| am|'re| are|'d|'s| is| \w+(?:ed|t)\b| \w+)|\b(?:i|we|you)(?:'ll| will| have|'ve|'m going to| am going to)? (?:probably|maybe|perhaps|possibly|hopefully|sort of|kind of)\b|[,–—-] ?(?:i think|i guess|i suppose|i hope|i believe|maybe|probably|perhaps|hopefully)[.!…]?$";
}

/// If someone nods more often than this in a turn, it answers nothing.
const MOST_NODS: usize = 30;

/// An undertaking by assent, and what it assents to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered<'s> {
    pub(super) asked: &'s Sentence,
    pub(super) owner: Owner,
}

/// What the sentence at `at` assents to if that is all it does: the last sentence of the other person's previous turn.
pub(super) fn answered(speech: &Speech, at: usize) -> Option<Answered<'_>> {
    let sentence = &speech.sentences[at];
    let owner = speaks_for(sentence)?;
    let turn = &speech.turns[sentence.turn];
    // What precedes it in the turn must also be assent: "Yes. Will do."
    if sentence.in_role
        || sentence.words > 12
        || at - turn.sentences.start > MOST_NODS
        || speech.sentences[turn.sentences.start..at].iter().any(|it| it.words > 3)
    {
        return None;
    }
    let before = speech.preceding(sentence.turn)?;
    let asked = request(speech, before.sentences.clone())?;
    let asker = speaks_for(asked)?;
    if asked.in_role || !(3..=LONGEST_REQUEST).contains(&asked.words) || asker == owner {
        return None;
    }
    let said = without_days(&sentence.own);
    let said = said.as_ref();
    if asked.asks() && done_by(said, &sentence.own) && !IS_PAST.is_match(&asked.own) {
        return Some(Answered { asked, owner });
    }
    let at_times =
        || ASKS_WHEN.is_match(&asked.own) && TIMES.is_match(&sentence.own) && !NO_TIME.is_match(&sentence.own);
    let takes_on = || ASKS_WHO.is_match(&asked.own) && MINE.is_match(said);
    if asked.asks() && !cues::WILL.is_in(&sentence.own) && at_times() || asked.asks() && takes_on() {
        return Some(Answered { asked, owner });
    }
    let is_said = is_told(&asked.own) || is_advised(&asked.own);
    if is_request(&asked.own) || is_said && FIRMLY.is_match(said) {
        let agrees = agrees(said, asked) || (assents(said, sentence, asked) && stands(speech, at));
        return agrees.then_some(Answered { asked, owner });
    }
    let accepts = ACCEPTS.is_match(said) || ACCEPTS_SO.is_match(said) && !ACCEPTS_NOT.is_match(said);
    let taken = OFFER.is_match(&asked.own) && accepts && stands(speech, at);
    taken.then_some(Answered { asked, owner: asker })
}

/// The last sentence of a turn that can be a request: "So you'll call her by Friday. Deal?" asks for the call.
fn request(speech: &Speech, turn: Range<usize>) -> Option<&Sentence> {
    let last = speech.sentences.get(turn.end.checked_sub(1)?)?;
    let before = last.at.checked_sub(1).filter(|at| turn.contains(at)).map(|at| &speech.sentences[at]);
    match before {
        Some(before) if last.asks() && TAG.is_match(&last.own) => Some(before),
        _ => Some(last),
    }
}

/// Whether a sentence asks the other person for something.
fn is_request(own: &str) -> bool {
    !gives(own) && (REQUEST.is_match(own) && !ONLY_ASKS.is_match(own) || GETS.is_match(own))
}

/// Whether a sentence asks for something or offers it.
pub(super) fn asks_for(own: &str) -> bool {
    is_request(own) || OFFER.is_match(own)
}

/// Whether the person asked promises: "I can" only counts if a deed is requested.
fn agrees(said: &str, asked: &Sentence) -> bool {
    AGREES.is_match(said) && (!ABLE.is_match(said) || ASKS_A_DEED.is_match(&asked.own) || ANY_DEED.is_match(&asked.own))
}

/// "Done by Monday": it will be.
fn done_by(said: &str, own: &str) -> bool {
    DONE.is_match(said) && AHEAD.is_match(own) && day::names(own)
}

/// Whether the speaker says what the other person will do: "So you'll tell Robert this week".
pub(super) fn is_told(own: &str) -> bool {
    TOLD.is_match(own)
}

/// Whether the speaker advises the other person to do something: "I'd suggest you block two hours".
pub(super) fn is_advised(own: &str) -> bool {
    ADVISED.is_match(own)
}

/// Whether "sure" or "yes, by Friday" promises what was asked: "yes" alone may only mean that it's possible.
fn assents(said: &str, sentence: &Sentence, asked: &Sentence) -> bool {
    if !ASKS_A_DEED.is_match(&asked.own) {
        return false;
    }
    let names_day = said.len() + 3 < sentence.own.len();
    if said.is_empty() {
        return names_day;
    }
    let for_me = FOR_ME.is_match(&asked.own) && !asked.own.contains("you mind");
    ASSENTS.is_match(said) && (!YES_ALONE.is_match(said) || for_me || names_day)
}

/// Whether the bare assent at `at` is the turn's whole answer: what follows neither takes it back nor makes its own
/// promise.
fn stands(speech: &Speech, at: usize) -> bool {
    let end = speech.turns[speech.sentences[at].turn].sentences.end;
    let Some(next) = speech.sentences[at + 1..end].first() else { return true };
    !BUT.is_match(&next.own) && !cues::WILL.is_in(&next.own) && !AGREES.is_match(without_days(&next.own).as_ref())
}

/// The words without their days and final punctuation.
pub(super) fn without_days(own: &str) -> Cow<'_, str> {
    // It doesn't matter which day it is, only that it's one.
    let days = due::places(own, NaiveDate::default());
    let mut rest = own.to_owned();
    for day in days.into_iter().rev() {
        rest.replace_range(day, "");
    }
    rest.split_whitespace().collect::<Vec<_>>().join(" ").trim_matches([' ', '.', ',', '!', '…', '-']).to_owned().into()
}

/// Whose words a sentence is, as an owner.
pub(super) fn speaks_for(sentence: &Sentence) -> Option<Owner> {
    match sentence.speaker {
        Speaker::Coach => Some(Owner::Coach),
        Speaker::Client => Some(Owner::Client),
        Speaker::OtherClient | Speaker::Guest => None,
    }
}

pub(super) fn other(owner: Owner) -> Owner {
    match owner {
        Owner::Client => Owner::Coach,
        Owner::Coach => Owner::Client,
        Owner::Unclear => Owner::Unclear,
    }
}

/// Whether the speaker says that the other person gets something: "you'll have my notes tomorrow".
pub(super) fn gives(own: &str) -> bool {
    if NOT_GIVEN.is_match(own) {
        return false;
    }
    let bare = without_days(own);
    GIVES.is_match(own) || bare.len() + 3 < own.len() && GIVES_BY.is_match(&bare)
}

/// The sentence in which the person who made the offer accepted at `at` says when it comes: "You'll have it tomorrow."
pub(super) fn confirms(speech: &Speech, at: usize) -> Option<&Sentence> {
    static IT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\byou(?:'ll| will)?(?: also| then| definitely)* (?:have|get|receive) (?:it|them|that|this)\b|\bi(?:'ll| will) (?:send|share|mail|e-?mail|forward|bring|do) (?:you )?(?:it|them|that|this)\b")
            .expect("a constant pattern")
    });
    let answered = answered(speech, at)?;
    let next = speech.following(speech.sentences[at].turn)?;
    let first = speech.sentences.get(next.sentences.clone())?.iter().find(|it| it.words >= 3)?;
    let is_it = speaks_for(first) == Some(answered.owner) && !first.asks() && IT.is_match(&first.own);
    is_it.then_some(first)
}

/// Whether the speaker says that something comes from the other person: "I'll have your notes by Friday".
pub(super) fn gets(own: &str) -> bool {
    GETS.is_match(own)
}

/// Whether a sentence says yes, and otherwise at most a day.
pub(super) fn is_yes(own: &str) -> bool {
    let bare = without_days(own);
    AGREES.is_match(&bare) || ASSENTS.is_match(&bare)
}

/// Whether a promise doesn't say what is promised, and so needs what it answers.
pub(super) fn is_bare(own: &str) -> bool {
    BARE.is_match(without_days(own).as_ref())
}

/// Whether the promise is hedged: an intention, not a promise.
pub(super) fn is_hedged(own: &str) -> bool {
    HEDGED.is_match(own)
}

/// Who owes what is undertaken in the sentence at `at`.
pub(super) fn owner(speech: &Speech, at: usize) -> Owner {
    let all = owners(speech, at);
    match all.as_slice() {
        [one] => *one,
        _ => Owner::Unclear,
    }
}

/// Everyone who can owe something by the sentence at `at`; empty if no rule says so. For a request, the person asked;
/// for an offer, the person who makes it.
pub(super) fn owners(speech: &Speech, at: usize) -> Vec<Owner> {
    let sentence = &speech.sentences[at];
    let Some(speaker) = speaks_for(sentence) else { return Vec::new() };
    if let Some(answered) = answered(speech, at) {
        return vec![answered.owner];
    }
    let own = sentence.own.as_str();
    let mut owners = Vec::new();
    let mut add = |owner: Owner| {
        if !owners.contains(&owner) {
            owners.push(owner);
        }
    };
    let will = cues::WILL.place(own);
    if gets(own) {
        add(other(speaker));
    } else if let Some(will) = will {
        add(if own[will..].starts_with("we") { Owner::Unclear } else { speaker });
    }
    if gives(own) || OFFER.is_match(own) || will.is_none() && cues::COACH_WILL.is_in(own) {
        add(speaker);
    }
    if will.is_none() && is_request(own) {
        add(other(speaker));
    }
    if owners.is_empty() && promise::is_own(own) {
        owners.push(speaker);
    }
    if owners.is_empty() && sentence.goes_on && at > 0 {
        return self::owners(speech, at - 1);
    }
    owners
}
