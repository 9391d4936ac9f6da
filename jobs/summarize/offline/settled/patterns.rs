//! How people take a promise back, move it, or say that it is done. Patterns over a sentence in lower case; English.

use std::sync::LazyLock;

use regex::Regex;

macro_rules! patterns {
    ($($(#[$doc:meta])* $name:ident = $pattern:expr;)+) => {
        $($(#[$doc])* pub(super) static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("a constant pattern"));)+
    };
}

patterns! {
    /// The speaker's own promise is taken back.
    RETRACTS = r"\b(?:forget (?:it|that|this|about (?:it|that|this)|what i(?: just)? said|i said (?:that|it|anything))|(?:let's|we can|i can|i'll|better|so|just|then) forget (?:about )?\w+|^forget (?:about )?\w+|(?:scratch|scrap|strike|drop|delete|cancel) (?:that|this|it)(?: one| idea| plan)?|never ?mind|(?:i )?take (?:that|it) back|changed my mind|on second thoughts?|(?:that|it)'s not (?:going to )?happen(?:ing)?|i won't (?:do|manage|make) (?:that|it|this)|i(?:'m| am) not (?:going to do|doing) (?:that|it|this)|(?:let's|let us|i'll|we'll|better|rather|i'd rather) (?:just )?(?:drop|skip|leave out|scrap|park|cut|cancel|not do|strike|cross out) (?:that|it|this|the \w+)|(?:that|it|this) off (?:the|my|your) list|(?:can't|cannot|shouldn't|don't want to) promise (?:that|it|this)|don't (?:hold me to|write) (?:that|it|this)|let me not\b|let me (?:think about|take) (?:that|it|this)|i'd rather not|^(?:(?:oh|well|hm+|honestly|actually|no|wait),? )+not (?:this|next|today|tonight|tomorrow|on|by|\w+day)\b|that's (?:too much|not realistic|unrealistic|never going to)|that won't (?:work|happen)|i don't think i(?:'ll| will| can) (?:do|manage|make|get) (?:that|it|this|to (?:that|it)))\b";
    /// Takes back a promise, rather than refusing what was just asked.
    WITHDRAWS = r"\b(?:(?:forget|scratch|scrap|strike|drop|delete|cancel) (?:about )?(?:that|this|it)|take (?:that|it|this) (?:back|off)|off (?:the|my|your) list|changed my mind|never ?mind|not going to happen)\b";
    /// What the speaker now won't do.
    WILL_NOT = r"\b(?:i|we)(?: won't| will not|'ll not|(?:'m| am|'re| are) not going to) (?:actually |now |even |just )?";
    /// "Actually no, I can't ask Peter."
    CANNOT_AFTER_ALL = r"\b(?:actually|no|on second thoughts?|wait)\b[ ,.]+(?:(?:actually|no|but|wait)[ ,.]+)*i (?:can't|cannot|won't|will not|shouldn't|better not) (\w+)\b";
    /// "Let's leave Marcus until January."
    LEAVES = r"\b(?:let's|let us|we(?:'ll| will| can| should)|i'll|i'd rather) (?:just )?(?:leave|postpone|put off|hold off on|wait with|park) ((?:\w+ ){0,4}\w+) (?:until|till|to|for) (?:after |next year|the new year|january|february|march|april|may|june|july|august|september|october|november|december|later|another)";
    /// "Then I won't send it."
    WONT = r"\bi (?:won't|will not) (\w+) (?:it|that|this|them|those)\b";
    /// It will be done, only later or differently.
    ONLY_LATER = r"\b(?:until|till|before|without|late|later|only|just|unless|forget|be able|all|again)\b";
    /// The other person releases the speaker from the promise.
    RELEASES = r"\b(?:let's|let us) (?:just )?(?:drop|skip|leave out|scrap|park|cut|cancel|not do|strike) (?:that|it|this|the \w+)|\byou (?:don't|do not) (?:have|need) to(?: do (?:that|it|this))?[.,!]|^(?:\w+,? )?(?:no need|don't bother|never ?mind|forget (?:it|that|about (?:it|that)))\b|\btake (?:that|it) off (?:the|your|my) list\b";
    /// Begins with a correction.
    CORRECTS = r"^(?:(?:um+|uh+|oh|okay|ok|well|so|yeah|and|or|but)[,.…-]* )*(?:actually|no|nope|wait|sorry|hang on|hold on|hm+|scratch that|forget that|forget it|on second thoughts?|or rather|rather|or better|better|better still|i mean|you know what)\b[,;:.…–—-]*";
    /// Another day, and nothing else: "no, make it Friday"; the days are removed beforehand.
    MOVES = r"^(?:(?:um+|uh+|oh|okay|ok|well|so|yeah|and|or|but|actually|no|nope|wait|sorry|hang on|hold on|hm+|let me (?:see|think)|on second thoughts?|scratch that|forget that|i mean|you know what|honestly|rather|better|yes)\b[,;:.…–—-]* ?)*(?:(?:let's |let me |can we |could we |shall we |i'd |we'd |please )?(?:better |rather )?(?:make|say|call|move|push|shift|change)(?: (?:it|that|this))?(?: to| for)?|not until|more like|rather|better|it(?:'ll| will| has to|'s going to) (?:be|have to be)|i need until|give me until|i'll need until|i'd rather|i'd say|i meant|i mean)?[ ,?]*(?:(?:is|would be|'s|will be|works|is probably|might be|sounds|feels) (?:\w+ )?(?:better|safer|fine|easier|realistic|more realistic|possible|best|good|enough)|instead|rather|then|for sure|at the latest|latest|please|i'd say|i promise|i think|to be safe|just to be safe|that's (?:safer|better|more realistic)|not)?[ .!?,]*$";
    /// Another hour or amount: "no, make it ten".
    MOVES_AMOUNT = r"^(?:(?:um+|uh+|oh|okay|ok|well|so|hm+|and|or)[,;:.…–—-]* ?)*(?:actually|no|nope|wait|sorry|hang on|hold on|scratch that|on second thoughts?|or rather|rather|or better|better|i mean)\b[,;:.…–—-]* ?(?:let's |let me |better |rather )?(?:make|say|call) (?:it|that)(?: at| to| only| just)? (?:\d|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|half|noon|midnight|an? (?:hour|quarter|half)|once|twice|more|less|fewer)\b)";
    /// An intention taken back in the same sentence: it's about that one and no other promise.
    HAD_IN_MIND = r"\b(?:promised|planned|intended|meant|wanted|agreed|hoped|said|thought|was|were) (?:to|i'd|i would|i'll|about|of|going to)\b";
    /// Marks it as a correction.
    IS_MOVE = r"\b(?:actually|no|nope|wait|sorry|hang on|hold on|make|move|push|shift|change|say|better|rather|instead|not until|more like|until|meant|i mean|realistic|safer|scratch|second thoughts?|then)\b";
    /// The other person would prefer another day.
    ASKS_MOVE = r"\b(?:let's|shall we|can we|could we|should we|do you want to|would you rather|why don't we|shouldn't we) (?:rather |better |just )?(?:say|make (?:it|that)|move (?:it|that)|push (?:it|that)|do (?:it|that))\b";
    /// The day given doesn't work; the days are removed beforehand.
    NOT_THEN = r"^(?:(?:um+|uh+|oh|okay|ok|well|so|yeah|and|but|actually|no|nope|wait|sorry|hang on|hold on|hm+)\b[,;:.…–—-]* ?)*(?:(?:i )?(?:can't|cannot|won't|couldn't|won't be able to|am not able to|'m not able to)(?: (?:do|make|manage|get to))?(?: (?:it|that|this))?(?: (?:then|on|by|until|before))?|not (?:this|next|on|by|before|today|tonight|tomorrow|\w+day)\b.{0,12})[.! ]*$";
    /// The other person asks whether it can be kept.
    IS_REALISTIC = r"\b(?:(?:yours|your (?:job|task|place|turn)|for you) to\b|(?:need|have|like|wish) to (?:do (?:that|it|this)|be (?:you|the one))|(?:that|it|this) (?:help|serve)s? you|realistic|doable|manageable|too (?:much|many|soon|ambitious)|sure|certain|will you really|do you really|will you manage|can you manage|in your hands|what you want|want to do that|are you up for)\b";
    /// And it cannot.
    SAYS_NO = r"^(?:(?:um+|uh+|oh|well|hm+|honestly|to be honest|actually|if i'm honest)[,.…-]* )*(?:no|nope|not really|probably not|i don't think so|i doubt it|maybe not|not (?:quite|entirely|honestly|at all))\b";
    SAYS_YES = r"^(?:(?:um+|uh+|oh|well|hm+)[,.…-]* )*(?:yes|yeah|yep|sure|okay|ok|fine|of course|absolutely|good|perfect|great|deal|agreed|works|that works|all right|alright|no problem)\b";
    /// Something is done, whatever it is.
    DONE = r"^(?:(?:um+|uh+|oh|okay|ok|well|so|yeah|yes|and|there|there you go|there we go|right|hang on|one second|one moment|great|good|see)[,.!…-]* )*(?:(?:i(?:'ve| have)? |it(?:'s| is| has been) |that(?:'s| is| has been) |they're |all )?(?:just |now |already )*(?:done|did (?:it|that)|sent|booked|called|paid|signed|posted|shared|ordered|submitted|e-?mailed|forwarded|uploaded|cancelled|canceled|deleted|moved|blocked|set up|bought|texted|messaged|written|registered|invited)(?: (?:it|that|them|her|him))?(?: (?:off|over|now|just now|already|to you|for you|up|across|away|in the chat))*|(?:it|that|they)(?:'s| is|'re| are)? (?:just |now |already )*(?:in (?:your|the) (?:inbox|chat|calendar|mail|folder|diary)|on its way|out|gone|with (?:you|him|her|them)))[.!,…]*(?: (?:while we (?:were )?\w+|as we speak|just now|there))?[.!]*$";
    /// It was done at another time: a different, earlier deed.
    BEFORE_NOW = r"\b(?:last|yesterday|ago|earlier this|back in|when i|used to|once|at the time|before (?:we|the session|this)|since|in (?:january|february|march|april|may|june|july|august|september|october|november|december|\d{4})|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|this (?:morning|week|month|year)|the other day|first time)\b";
    /// It is done now.
    NOW = r"\b(?:just|now|already|while we|there)\b";
    /// Who did what.
    DID = r"\bi(?:'ve| have)?(?: (?:just|now|already|actually|even|also|finally))* (\w+)";
    /// The other person received it.
    RECEIVED = r"\b(?:it|that|your (?:mail|e-?mail|message|link|file|invite|invitation))(?:'s| has| is| just|'s just| has just)* (?:arrived|come through|came through|landed|here|in my (?:inbox|calendar))\b|\bi(?:'ve)? (?:just )?(?:received|see) (?:it|your \w+)\b|\bi just got (?:it|your \w+)\b|\bgot it (?:here|in my inbox|in the chat)\b";
    POINTS = r"\b(?:it|that|them|this|those|him|her)\b";
    /// It's in addition to the other, not in its place.
    BESIDE = r"\b(?:again|also|another|too|as well|second|both|next one)\b";
}
