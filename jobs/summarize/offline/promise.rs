//! What counts as a promise, by the client or the coach. Uncertain cases don't.
//!
//! ```text
//! I'll call her by Friday · my homework is to … · you'll have it tonight      a promise
//! I think I'll … · I'll try · I'll see · if I find the time · no promises     said with a doubt
//! then I'll just sit there · "what happens when …?" – "I'll …"               a habit, told as if it were a plan
//! I'll come back to that · let me share an observation                        done while one talks
//! ```
//!
//! The future tense alone isn't enough: a day, a question about plans, or a deed must show that it's meant. English
//! only, like all cues.

use std::sync::LazyLock;

use regex::{Match, Regex};

use super::{
    super::input::Speaker,
    cues, day, owes, score,
    speech::{Sentence, Speech},
};

/// What is done at one time and place, so that one can check afterwards whether it was.
pub(super) const DEED: &str = "send|share|e-?mail|mail|forward|write|rewrite|call|ring|phone|text|message|ping|bring|book|prepare|draft|redraft|\
    give|check|set|put|schedule|reschedule|arrange|fix|finish|complete|update|upload|post|introduce|review|read|sign|fill|pay|order|\
    buy|apply|contact|confirm|invite|find|make|remind|connect|print|hand|pass|return|submit|organi[sz]e|drop|talk|speak|tell|ask|\
    visit|plan|meet|hire|fire|interview|announce|present|deliver|launch|publish|register|enrol|sort|clean|clear|delete|cancel|block|\
    protect|move|raise|delegate|offer|propose|suggest|draw|list|note|record|track|practi[sc]e|rehearse|show|teach|train|learn|start|\
    stop|join|resign|build|create|design|document|collect|gather|count|measure|calculate|compare|research|study|follow|reply|answer|\
    respond|reach|request|report|file|renew|negotiate|close|open|install|unsubscribe|apologi[sz]e|thank|congratulate|explain|walk|\
    run|cook|exercise|meditate|journal|pick|choose|decide|sell|transfer|save|host|discuss|mention|address|commit|promise|add|remove|\
    change|edit|cut|reduce|limit|switch|turn|test|swap|exchange|lend|borrow|wash|paint|repair|pack|tidy|translate|scan|copy|archive|\
    mute|log|sketch|deploy|merge|invoice|donate|volunteer|cover|assign|appoint|promote|brief|mentor|outline|map|rank|prioriti[sz]e|\
    escalate|chase|nudge|google|subscribe|clarify|inform|notify|warn|correct|revise|rework|finali[sz]e|swim|jog|press|cycle|stretch|look|get|take|do|say no|keep|go|leave|work|spend|come|have";
/// Of these, deeds that mean little without a day or a question about plans.
const WEAK: &str = "get|take|do|keep|go|leave|work|spend|come|have|look|give|put|make|start|stop|turn|change|get|run|drop|hand|cut|find|\
    set|pass|decide|learn|show|answer|open|close|add|move|address|explain|read|reach|commit|promise|count|return|say";

macro_rules! patterns {
    ($($(#[$doc:meta])* $name:ident = $pattern:expr;)+) => {
        $($(#[$doc])* static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(&$pattern).expect("a constant pattern"));)+
    };
}

patterns! {
    /// Calls itself a promise.
    NAMED = format!(r"\bmy (?:homework|commitment|promise|task|to-?do|assignment|action(?: item| step| point)?|(?:first|one|next) (?:step|action)|one thing)(?: (?:for|until|before|by|from) (?:now|then|today|here|this|the|our|next)[\w ]{{0,20}}| this week)? (?:is|will be|would be)(?: going)?(?: to\b|:|,|\b)|\bwhat i(?:'ll| will|'m| am)?(?: going to)? (?:commit(?:ting)? to|promis(?:e|ing)|take on)(?: today| here| then)? is\b|\bi(?:'m| am) (?:committing|promising) to\b|\bi(?: hereby)? commit(?: myself)? to\b|\bi promise(?: you)?(?: that)?,? (?:i|to|you'll)\b|\byou have my word\b|\bi(?:'ll| will) make (?:it|that) my homework\b");
    /// "Will send it tomorrow."
    NO_SUBJECT = format!(r"^(?:so |and |then |ok(?:ay)?,? |yes,? |yeah,? |sure,? )*(?:will|gonna) (?:also |just |definitely )*(?:{DEED})\b");
    /// "Let me do the slides instead."
    LET_ME = r"^(?:\w+,? ){0,3}let me (?:just |rather )?(\w+)\b.*\b(?:instead|by|tomorrow|tonight|today)\b";
    /// "I'm calling her on Friday": a plan if a day is given.
    IS_DOING = r"\bi(?:'m| am) (?:also |definitely )*(?:calling|sending|writing|e-?mailing|booking|asking|telling|submitting|handing|signing|delivering|posting|finishing|talking to|speaking (?:to|with))\b";
    /// The verb that is promised.
    VERB = format!(r"^(?:i|we)(?:'ll| will| am going to|'m going to|'m gonna| promise to| commit to| shall|'re going to)(?: also| definitely| just| then| now| quickly| personally| certainly| first| at least| simply| actually)* (?:please )?({DEED})\b");
    WEAK_VERB = format!(r"^(?:{WEAK})$");

    /// Uncertain, or dependent on something the speaker doesn't control.
    UNSURE = r"\b(?:(?:i'll|i will|we'll|gonna|going to) (?:\w+ )?(?:try|aim|attempt|see|consider|hope|want|think)|if (?:i|we) (?:can|could|manage|get (?:the|a|to|round|some)|find|have (?:the )?(?:time|energy)|feel|dare|remember|must|have to)|if (?:there's|there is|it|that|possible|all goes|everything|nothing|time|need)|time permitting|(?:some ?day|one day|at some (?:point|stage)|sooner or later|eventually|one of these days|when (?:i|we) get (?:round|around))\b|we'll see|no promises?\b|can't promise|cannot promise|not promising|don't hold me|or (?:maybe|perhaps|something|so i hope)|i might|might be able|i may\b|maybe|perhaps|possibly|probably|hopefully|i hope|i guess|i suppose|unless|i wish|tempted|thinking (?:of|about)|not (?:entirely |quite |really )?sure)\b|\bif you (?:want|like|insist|say so|think)\b";
    /// Here "if" introduces what is asked, not a condition.
    ASKS_IF = r"\b(?:ask|check|see|find out|know|tell|wonder|decide|test|say|clarify)\b[\w' ]{0,30}\bif\b";
    IF = r"\bif\b";
    WHOM = r"\b(?:her|him|them|it|you)\b";
    /// A sentence before or after that adds doubt.
    DOUBT_BESIDE = r"^(?:\w+,? )?(?:maybe|perhaps|possibly|hopefully|probably|no promises?|we'll see|i hope|i think|i guess|i suppose|not sure|i'm not sure|let's see|if i (?:find|get|have|can|manage)|if (?:there's|possible)|don't hold me|or maybe|or not|i don't know|or perhaps|that's the (?:idea|theory|hope)|at least i hope|i'm just thinking|just thinking|just an idea|who knows|but i (?:don't|can't|might|may|doubt|won't|probably))\b";
    /// What always or usually happens.
    HABIT = r"\b(?:always|usually|often|sometimes|typically|normally|generally|tend to|every (?:single )?time|each time|whenever|most (?:days|times|weeks|mornings|evenings|of the time)|(?:all|half|much|most) (?:of )?the time|a lot of the time|constantly|again and again|as usual|before i know it|next thing (?:i|you) know|(?:i )?end up|out of habit|without thinking|automatically|by default|my (?:default|pattern|reflex|instinct|habit)|the (?:old|usual) (?:me|pattern|story)|then i'll (?:be|just)|i'll be like|that kind of (?:person|guy|woman|boss)|like clockwork|you know how it is|on autopilot|year after year|week after week|day after day)\b|\b(?:when(?:ever)?|the (?:moment|minute|second)) (?:he|she|they|it|someone|somebody|anyone|anybody|people|things|everyone|everybody|nobody|there's|there is|i'm|i am|i feel|i get|the \w+|my \w+|a \w+|\w+ (?:asks|says|comes|walks|calls|starts|looks|gets|wants|does|tells|criticises|criticizes|raises|goes))\b";
    /// A habit if it precedes the verb: "every evening I'll open the laptop". "I'll write every evening" is a plan.
    HABIT_BEFORE = r"\b(?:every|each) (?:\w+ )?(?:day|night|morning|evening|week|weekend|month|meeting|call|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b|\bwhat i'll do is\b|\bthere i'll be\b";
    NEXT_IN_STORY = r"^(?:and |so |but )*then i(?:'ll| will)\b";
    TOMORROWS = r"i'll \w+ (?:it )?tomorrow\b.*i'll \w+ (?:it )?tomorrow\b";
    /// The other person asks what usually happens.
    ASKS_HABIT = r"\b(?:what (?:do|does|would) (?:you|that|he|she|it) (?:usually |normally |typically |tend to )?(?:do|look like|say|react|happen)|what (?:usually |normally |typically |generally )?(?:happens|goes on)|what (?:usually|normally|typically|generally) happened|how (?:do|does|would) (?:you|that|it|he|she) (?:usually |normally |typically |tend to )?(?:react|respond|handle|deal|show up|show|play out|look|go|behave|cope)|what's (?:your|the) (?:pattern|reflex|default|usual|first reaction|habit|instinct)|walk me through|describe (?:a|what|how|your)|tell me (?:about a|what happens|how you|more about (?:the|that) (?:pattern|habit))|and then what|what goes through|typical (?:day|week|evening|meeting|situation)|how does that (?:usually|normally)|what are you like|what is it (?:that )?you do|give me an example|for example\?|such as\?)";
    /// It's done while talking, or isn't a deed at all.
    NO_DEED = r"\b(?:i'll|i will|let me|i'm going to|i am going to|i'm gonna)(?: just| also| now| quickly| then| only)* (?:come (?:back )?(?:to|on to) (?:that|this|it)|put it (?:this|another|differently|like|in other)|repeat|rephrase|summari[sz]e (?:what|that|this|for)|paraphrase|play (?:that|it|back)|pause|hold (?:that|space|on)|let (?:you|that|it|this) (?:finish|think|go|talk|answer|sit|sink|land|stand|be)|give you (?:a (?:second|moment|minute|sec|bit)|an example|some time|space|credit|that)|give (?:an|one|you one) example|give it (?:a (?:thought|go|try|rest)|some|more|time)|ask you|ask (?:you )?(?:a|one|another|this|that|it|something)\b|take (?:that|it|note|your|the point|a (?:sip|breath|moment|second))|(?:write|note|put) (?:(?:that|this|it) )?down (?:then )?that|write (?:that|this|it) down(?: now)?[.!]?$|note (?:that|it|this)(?: down)?[.!]?$|jot|come in here|interrupt|stop you|push (?:you|back)|challenge (?:you|that)|mirror|reflect|read (?:it|that|this) (?:back|out)|turn (?:on|off) (?:my|the) (?:camera|mic\w*|video|recording|light)|pull (?:it|that|this) up|start (?:with|by|from|over|there)|go (?:first|next|ahead|over|through|back|on|there|with|further|deeper|straight)|share (?:an?|one|some|something|what|this|that|my (?:screen|thoughts?|view|observation|sense|experience)|the screen|with you (?:a|one|what|something))\b|tell you (?:a|an|about|why|how|what|something|the (?:truth|story|thing)|one|honestly|this|that|straight)|tell (?:it|the story)|say (?:it|that|this|something|one|a|what|yes and|more)|explain (?:it|that|this|why|what|how)|show you (?:something|what|a|how)|make (?:it|this|that) (?:short|quick|brief|clear|simple)|make a (?:note|point)|look at (?:it|that|this|you|me)|check (?:in with (?:myself|that)|that i|whether i (?:got|understood|heard)|if i (?:got|understood|heard)|i (?:understood|heard|got)|my understanding|something|the time|my (?:watch|notes?|calendar|diary))|see|think|try|wait|listen|sit|stay|stand|lie|freeze|nod|smile|shut|avoid|snap|explode|cave|give in|give up|stare|scroll|panic|worry|over-?think|go (?:quiet|silent|blank|red|home and|into|crazy|mad)|disappear|find (?:myself|a way|out (?:soon|eventually))|catch myself|tell myself|wake|come (?:home|in|out|across|up with|with)|feel|get (?:angry|upset|stuck|lost|nervous|used|through|over|there|it done|to (?:that|it))|end up|let it|drink|eat|smoke|watch|wander|drift|laugh|cry|hide|pretend|agree|accept|allow|trust|believe|remember|know|understand|figure|manage|survive|rest|sleep on|have (?:to|a (?:think|look|go))|do (?:my best|what i can|whatever|anything|everything|fine|okay|ok|better|well|nothing)|keep (?:going|quiet|it (?:short|brief)|trying|that in mind|you posted|on|thinking|saying|telling|an eye)|take (?:it (?:easy|slow|as|from)|things|responsibility|care of myself)|leave (?:it|that|you)|work (?:on|it out)|get going|stop (?:there|here|talking|you)|start thinking|put (?:up|my head|on a|pressure))\b";
    /// Done while talking, but possibly also on another day.
    LATER_DEED = r"^(?:i|we)(?:'ll| will|'m going to| am going to)(?: also| then)* (?:ask|show|tell|explain|share|write|check|give|summari[sz]e)\b";
    NOW = r"\b(?:now|today|this (?:morning|afternoon|evening|session)|here)\b";
    /// Not meant: "I'll overdose on spreadsheets this week".
    NO_PLAN = r"^(?:i|we)(?:'ll| will|'m going to| am going to|'m gonna)(?: just| also| probably| then| totally| simply| \w+ly)* (?:overdose|drown|die|collapse|explode|implode|scream|freak|choke|starve|suffocate|melt|go (?:mad|crazy|insane|bananas|nuts|under)|lose (?:it|my (?:mind|marbles|cool|temper))|be (?:buried|swamped|drowning|dead|toast)|survive|hate|love|enjoy|regret|dread|suffer|miss|need|know)\b";
    /// The other person asks what else there is to do.
    ASKS_NEXT = r"\b(?:what about|how about|what else|anything else|what's next|who could|how will you|what could you do|where will you|what will (?:you|it)|what's your (?:homework|next|first)|(?:^|[.?!] )(?:so |and |okay,? )*(?:the|your) [\w' -]{2,30}\?|what (?:do you want|would you like|are you willing) to (?:do|take on|try|change)|what (?:will|would) you try|what are you (?:taking on|committing)|going to do)\b";
    /// Done while talking, whatever the verb.
    IN_SESSION = r"\b(?:right now|as we speak|while we(?:'re| are)? (?:talk|speak)\w*|in(?:to)? the chat|on the whiteboard|for a (?:second|moment|minute)|real quick)\b";
    /// What the speaker says to themselves in a story: "and I'm like, I'll do it tomorrow".
    INNER_SPEECH = r"\b(?:i(?:'m| am| was) (?:like|thinking)|i (?:go|went)[,:]|i keep (?:saying|telling|thinking|promising)|(?:told|telling|promised|promising) (?:myself|them|him|her|everybody|everyone)|(?:tell|promise) myself|say(?:ing)? to myself|i (?:always |often |usually )?(?:say|think|said|thought)[,: ]+(?:\w+[,: ]+){0,4}i'll|the voice|part of me|mindset|mentality|i said i'll|i said i will|goes?,? i'll|like,? i'll|i imagine|as if to say)\b";
}

/// Whether the verb that the speaker undertakes at `will` is a deed.
pub(super) fn is_deed(own: &str, will: usize) -> bool {
    VERB.is_match(&own[will..])
}

/// Whether a sentence names a deed of which one can check afterwards whether it was done.
pub(super) fn names_deed(own: &str) -> bool {
    static NAMED_DEED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(&format!(r"\b(?:{DEED})\b")).expect("a constant pattern"));
    NAMED_DEED.is_match(own)
}

/// How firmly the sentence at `at` promises something, from [`score::ENOUGH`] up; 0 if it doesn't.
pub(super) fn promise(speech: &Speech, at: usize) -> f32 {
    let all = speech.firm.get_or_init(|| (0..speech.sentences.len()).map(|at| firmness(speech, at)).collect());
    all[at]
}

fn firmness(speech: &Speech, at: usize) -> f32 {
    let sentence = &speech.sentences[at];
    if sentence.asks() || sentence.in_role || sentence.words < 3 {
        return 0.0;
    }
    if !matches!(sentence.speaker, Speaker::Client | Speaker::Coach) {
        return 0.0;
    }
    let own = sentence.own.as_str();
    if sentence.goes_on && !cues::WILL.is_in(own) {
        // "… and call Anders on Monday."
        let same =
            firmness(speech, at - 1) >= score::ENOUGH && !score::is_conditional(own) && !cues::DROPPED.is_in(own);
        return if same { FIRM } else { 0.0 };
    }
    let has_form = cues::WILL.is_in(own) || is_own(own) || owes::gives(own);
    if !has_form
        || owes::gets(own)
        || cues::REPORTS.is_in(own)
        || cues::DROPPED.is_in(own)
        || is_unsure(speech, sentence)
    {
        return 0.0;
    }
    if owes::is_bare(own) && !says_of_what(speech, sentence) {
        return 0.0;
    }
    let has_day = day::names(own) || day::follows(speech, at);
    let asked = speech.before(sentence.turn);
    let planned = cues::ASKS_PLAN.is_in(&asked) || ASKS_NEXT.is_match(&asked);
    if INNER_SPEECH.is_match(own) || is_habit(speech, sentence, has_day, planned) {
        return 0.0;
    }
    // "Then" alone introduces the next step of a story.
    let meant = has_day || planned || speech.is_said_again(at);
    let firm = if NAMED.is_match(own) || owes::gives(own) && !IN_SESSION.is_match(own) && !NO_DEED.is_match(own) {
        FIRM
    } else if let Some(will) = cues::WILL.place(own) {
        undertakes(sentence, will, has_day, meant)
    } else if NO_SUBJECT.is_match(own) && meant
        || LET_ME.is_match(own) && !NO_DEED.is_match(own) && sentence.speaker == Speaker::Client
        || IS_DOING.is_match(own) && has_day
    {
        FIRM
    } else {
        0.0
    };
    if firm == 0.0 {
        return 0.0;
    }
    // Repeated in the session's recap, by either person: it was meant.
    firm + if planned { 0.4 } else { 0.0 } + if speech.is_said_again(at) { 0.4 } else { 0.0 }
}

/// Whether nothing in a sentence or beside it speaks against its being meant, whatever its form.
pub(super) fn may_be_meant(speech: &Speech, at: usize) -> bool {
    let sentence = &speech.sentences[at];
    let own = sentence.own.as_str();
    sentence.speaker == Speaker::Client
        && sentence.words >= 4
        && !owes::gets(own)
        && !cues::REPORTS.is_in(own)
        && !cues::DROPPED.is_in(own)
        && !score::is_conditional(own)
        && !INNER_SPEECH.is_match(own)
        && !IN_SESSION.is_match(own)
        && !NO_DEED.is_match(own)
        && cues::WILL.place(own).is_none_or(|will| !score::will_not(own, will) && !NO_PLAN.is_match(&own[will..]))
        && !is_unsure(speech, sentence)
        && !is_habit(speech, sentence, day::names(own), false)
}

/// Whether a sentence without "I will" promises something of the speaker's by its form.
pub(super) fn is_own(own: &str) -> bool {
    [&NAMED, &NO_SUBJECT, &LET_ME, &IS_DOING].iter().any(|form| form.is_match(own))
}

/// What is promised outright.
const FIRM: f32 = 1.2;
/// What "we" will do is more often a description than an undertaking.
const OF_BOTH: f32 = 0.7;

/// Whether a sentence in the future tense is about a deed, and is meant.
fn undertakes(sentence: &Sentence, will: usize, has_day: bool, meant: bool) -> f32 {
    let own = sentence.own.as_str();
    if score::will_not(own, will)
        || NO_PLAN.is_match(&own[will..])
        || score::is_conditional(&own[..will])
        || IN_SESSION.is_match(own)
    {
        return 0.0;
    }
    let by_deed = VERB.captures(&own[will..]).and_then(|found| found.get(1));
    let is_deed = by_deed.is_some_and(|verb| meant || !WEAK_VERB.is_match(verb.as_str()));
    let says_it = cues::COACH_WILL.is_in(own);
    // "I'll do it" doesn't say what. "I'll write to her on Monday" does.
    let says_what = sentence.stems.len() >= 2
        || has_day && is_deed && WHOM.is_match(own) && !sentence.stems.is_empty()
        || score::meets_or_says(own, will);
    if !says_what {
        return 0.0;
    }
    // A verb that is no deed becomes one if a day is set for it.
    let no_deed = NO_DEED.find(own).is_some_and(|found| found.start() <= will && found.end() > will);
    // "I will ask you two questions by email on Wednesday" isn't done while talking.
    let no_deed = no_deed && !(day::names(own) && !NOW.is_match(own) && LATER_DEED.is_match(&own[will..]));
    let is_meant = if sentence.speaker == Speaker::Coach {
        !no_deed && (says_it || is_deed && has_day)
    } else {
        (is_deed || says_it) && !no_deed || has_day || meant && !no_deed
    };
    if !is_meant {
        return 0.0;
    }
    if own[will..].starts_with("we") && !owes::gives(own) { OF_BOTH } else { FIRM }
}

/// Whether something right before shows what a bare promise ("You'll have it tomorrow.") is about: the speaker's own
/// words, a request, or a question.
fn says_of_what(speech: &Speech, sentence: &Sentence) -> bool {
    let turn = &speech.turns[sentence.turn].sentences;
    let own = speech.sentences[turn.start..sentence.at].iter().any(|it| it.words >= 3);
    let asked = speech.preceding(sentence.turn).and_then(|before| speech.sentences[before.sentences.clone()].last());
    own || owes::answered(speech, sentence.at).is_some()
        || asked.is_some_and(|it| it.words >= 3 && !it.in_role && (it.asks() || owes::asks_for(&it.own)))
}

/// Whether the promise is uncertain, by the sentence or one next to it.
fn is_unsure(speech: &Speech, sentence: &Sentence) -> bool {
    let own = sentence.own.as_str();
    let is_condition = IF.is_match(own) && !ASKS_IF.is_match(own);
    // "I'll see" is open, "I'll see him on Monday" is not.
    let meets = |doubt: &Match| {
        cues::WILL.place(own).is_some_and(|will| doubt.start() == will && score::meets_or_says(own, will))
    };
    if owes::is_hedged(own) || UNSURE.find_iter(own).any(|doubt| !meets(&doubt)) || is_condition {
        return true;
    }
    let turn = &speech.turns[sentence.turn].sentences;
    let beside = |at: usize| turn.contains(&at).then(|| &speech.sentences[at]);
    let doubts =
        |it: &Sentence, most: usize| it.words <= most && !cues::WILL.is_in(&it.own) && DOUBT_BESIDE.is_match(&it.own);
    let before = sentence.at.checked_sub(1).and_then(beside).is_some_and(|it| doubts(it, 3));
    before || beside(sentence.at + 1).is_some_and(|it| doubts(it, 12))
}

/// Whether it describes a habit rather than a plan.
fn is_habit(speech: &Speech, sentence: &Sentence, has_day: bool, planned: bool) -> bool {
    let own = sentence.own.as_str();
    let will = cues::WILL.place(own);
    if will.is_some_and(|will| HABIT_BEFORE.is_match(&own[..will])) && !planned
        || own.contains("what i'll do is") && !planned && !has_day
    {
        return true;
    }
    if let Some(found) = HABIT.find(own) {
        // "When the report is back on Monday, I'll call him" has a day.
        let is_clause = ["when ", "the m", "the s"].iter().any(|it| found.as_str().starts_with(it));
        return !is_clause || !has_day && !planned && will.is_some_and(|will| found.start() < will);
    }
    // "I'll go tomorrow, I'll go tomorrow": nobody promises like that.
    if TOMORROWS.is_match(own) {
        return true;
    }
    // "On Sundays I'll write a list … and then I'll start again on Tuesday."
    let is_then = NEXT_IN_STORY.is_match(own);
    !planned && (!has_day || is_then) && tells_habits(speech, sentence.at, sentence.turn, FOLLOWED)
}

/// This many brief questions ("And then?") don't end a story.
const FOLLOWED: usize = 3;

/// Whether the words near `at` in its turn, or the question before, are about habits; or those before a brief "And?".
fn tells_habits(speech: &Speech, at: usize, turn: usize, followed: usize) -> bool {
    let own = &speech.turns[turn].sentences;
    let near = at.saturating_sub(3).max(own.start)..(at + 3).min(own.end);
    let is_habit = |own: &str| {
        HABIT.is_match(own) || cues::WILL.place(own).is_some_and(|will| HABIT_BEFORE.is_match(&own[..will]))
    };
    if speech.sentences[near].iter().any(|it| it.at != at && is_habit(&it.own))
        || ASKS_HABIT.is_match(&speech.before(turn))
    {
        return true;
    }
    let Some(before) = turn.checked_sub(2).filter(|_| followed > 0) else { return false };
    let prompt = &speech.turns[turn - 1].sentences;
    let is_brief = speech.sentences[prompt.clone()].iter().map(|it| it.words).sum::<usize>() <= 4;
    let last = speech.turns[before].sentences.end;
    let same = speech.turns[before].speaker == speech.turns[turn].speaker;
    is_brief && same && last > 0 && tells_habits(speech, last, before, followed - 1)
}
