//! The lexicons: words that indicate progress, difficulty, commitment, advice and insight, and words that cancel them.
//!
//! All patterns are matched against a sentence in lower case with plain apostrophes and without quotations.

use std::sync::LazyLock;

use regex::Regex;

/// A compiled constant pattern.
pub(super) struct Cue(LazyLock<Regex>);

impl Cue {
    const fn new(make: fn() -> Regex) -> Self {
        Self(LazyLock::new(make))
    }

    /// Whether the sentence matches.
    pub(super) fn is_in(&self, sentence: &str) -> bool {
        self.0.is_match(sentence)
    }

    /// The position of the first match.
    pub(super) fn place(&self, sentence: &str) -> Option<usize> {
        self.0.find(sentence).map(|found| found.start())
    }
}

macro_rules! cues {
    ($($(#[$doc:meta])* $name:ident = $($part:expr),+;)+) => {
        $($(#[$doc])* pub(super) static $name: Cue =
            Cue::new(|| Regex::new(concat!($($part),+)).expect("a constant pattern"));)+
    };
}

cues! {
    /// The speaker did something that counts.
    ACHIEVED = r"\b(?:i|we) (?:just |finally |also |even |actually )?got (?:the|an?|my|them|him|her|it|approval)\b|",
        r"\b(?:i|we)(?:'ve| have)?(?: (?:just|finally|also|even|already|now|completely|actually|both|successfully))* ",
        r"(?:closed|signed|shipped|launched|finished|completed|delivered|won|hired|raised|renewed|sold|applied|handed|negotiated|kept|managed|reached|achieved|published|landed|passed|released|secured|submitted|solved|fixed|cut|doubled|tripled|improved|beat|sent|apologi[sz]ed|delegated|gave away|held|protected|stopped|saved|lost \d+|took myself|taken myself)\b";
    /// The speaker did something that may count as progress.
    DID = r"\b(?:i|we)(?:'ve| have|'d| had)?(?: (?:just|finally|also|even|already|now|actually|both))* ",
        r"(?:told|asked|talked|spoke|spoken|said no|bought|wrote|written|called|rang|offered|slept|invited|started|set up|built|agreed|decided|did (?:it|the|that))\b";
    /// The speaker did something that only counts if the coach praises it.
    MOVED = r"\b(?:i|we)(?:'ve| have)? (?:ran|did|made|went|came|put|moved|walked|met|read|let|stayed|took|gave)\b";
    /// Something has been achieved, by anyone.
    IT_IS_DONE = r"\b(?:is|are|was|were|got|been|'s) (?:now |finally |all |already )?(?:signed|closed|finished|approved|launched|live|sold out|accepted|delivered|shipped|handed over|renewed)\b|\bgoal is done\b|^(?:all )?(?:handed over|done|signed)\b|^[\w' -]{2,25}, done\b|\bzero (?:rejects|errors|defects|incidents)\b|\b(?:they|he|she|customers?|the board) (?:renewed|accepted|agreed|signed|approved|said yes)\b|\bsold out\b|\bwent (?:really |very |so )?well\b";
    /// The speaker calls it good.
    GOOD = r"\b(?:real win|my win|a win|good news|good thing|proud|first time (?:ever|in)|best (?:quarter|week|month|result)|brilliant|it worked|paid off|breakthrough|it was (?:great|wonderful|really good)|so happy|relieved|lighter|congratulated|clapped)\b";
    /// The speaker only announces something good.
    ANNOUNCES = r"\b(?:want|like|have) to (?:say|tell|start with|begin with)\b";
    /// The coach praises what was just said.
    PRAISE = r"\b(?:congratulations|well done|wonderful|excellent|lovely|brilliant|amazing|impressive|good for you|that's (?:great|huge|a big|quite)|you kept (?:that|it)|nice work|great work|wow|proud of you|let that one in)\b";
    /// The coach asks what went well.
    ASKS_WINS = r"\b(?:what (?:has |have )?(?:went|gone|going|goes) well|best thing|good news|what worked|what are you proud|celebrate|your win|went well)\b";
    /// The coach asks what is difficult.
    ASKS_HARD = r"\b(?:what's (?:\w+ )?(?:hard|difficult|stuck|worrying|in the way)|hard part|what stops|what got in the way|what's kept you|what might still stop|what's scary|what makes it hard|challenge|worries you|what's underneath)\b";
    /// The coach asks what will be done.
    ASKS_PLAN = r"\b(?:what will you do|what are you going to do|next step|by when|when will|what's your (?:plan|commitment)|let's collect|and when\b|so when\b|when\?|what would you like to do)";
    /// The coach asks about a promise.
    CHECKS = r"\b(?:promises?|promised|you were going to|you said (?:you|that you)|you told me|last (?:time|week)|how did .{0,30} go\b|did you|have you|were you able)\b|(?:^|[.?!] )and (?:the |your )?[\w' -]{2,30}\?|^(?:what about|how about) ";

    /// Something is difficult.
    HARD = r"\b(?:stuck|struggl\w*|afraid|scared|scary|ashamed|worried|worries me|worry|overwhelm\w*|exhaust\w*|frustrat\w*|angry|furious|guilty|anxious|nervous|difficult|hard(?:er|est)?(?: part| thing| bit)?|impossible|the problem|a problem|my problem|too much|too many|terrible|horrible|awful|lonely|alone with|failing|failed|missed|burn(?:ed|t|ing)? out|no time|running out|short of|behind on|don't know how|keep on not|avoid(?:ing|ed)?|put(?:ting)? it off|procrastinat\w*|tiring|tired|sad|insulted|painful|conflict|lose someone|isn't performing|not performing|doesn't want to|won't listen|what if)\b";
    /// The speaker can't do something.
    CANNOT = r"\b(?:i|we) (?:just |still |really |simply |also )?(?:can't|cannot|can not|couldn't)\b";
    /// The speaker talks about themselves.
    OF_SELF = r"\b(?:i|i'm|i've|i'd|i'll|me|my|myself|we|we're|we've|us|our)\b";
    /// The speaker talks about both.
    OF_BOTH = r"\b(?:we|we're|we'll|we've|let's)\b";
    /// A possibility, not a fact.
    MODAL = r"\b(?:might|may|should|could)\b";
    /// Something wasn't done.
    NOT_DONE = r"\b(?:i|we) (?:have not|haven't|did not|didn't|had not|hadn't|could not|couldn't|never|still haven't|still have not)(?: \w+ly| actually| really| yet| even)? \w+|\b(?:i've|i'd) (?:not|never|only) \w+|\bit(?:'s| is) still in my\b|\bnothing on paper\b";
    /// It is yet to be done.
    STILL_OPEN = r"\bnot (?:yet|done|finished|sent|ready)\b|\b(?:isn't|wasn't|hasn't been|is still not) (?:done|finished|sent|ready)\b|^(?:um+,? |uh+,? |well,? )?(?:no\b[,.]|not yet\b|i didn't\b|i haven't\b)|\bdidn't happen\b|\bnever got (?:to|round)\b";
    /// A short answer that it was done.
    YES_I_DID = r"^(?:um+,? |uh+,? |oh,? |well,? )?(?:yes|yeah|yep),? (?:i|we|it'?s?) (?:did|have|is done)\b|^(?:yes,? |yeah,? )?(?:i|we) (?:did|have done it|have)(?:[.,!]|$)|^(?:it's |that's )?(?:all )?done\b";
    /// It should have been done by now.
    WAS_DUE = r"\b(?:promised|supposed to|meant to|said i(?:'d| would)|was going to|were going to|yet|should have|was due|make it|deadline)\b";
    /// The speaker isn't troubled.
    NOT_HARD = r"\b(?:not|isn't|wasn't|no longer|never|less|nothing|don't|didn't) (?:\w+ )?(?:hard|difficult|afraid|scared|worried|worry|stuck|angry|ashamed|tired|a problem|the problem|sad|alone)\b|\bworry about (?:it|that)\b|\bno problem\b|\bhard[- ]working\b|\bhard to (?:say|believe)\b";

    /// The speaker will do it.
    WILL = r"\b(?:i|we)(?:'ll| will| am going to|'m going to|'m gonna| promise to| commit to| shall|'re going to)(?: also| definitely| just| then| now)* (\w+)";
    /// Not an undertaking, though it looks like one.
    WILL_NOT = r"\b(?:i|we)(?:'ll| will| am going to|'m going to) (?:also |just )?(?:not|never|be (?:fine|okay|ok|sad|sorry|happy|about)|be\b|carry it|try\b|think\b|see\b|miss\b|need\b|have to\b|take it\b|wait and|say\b|admit\b|get used|survive|live with|lose\b|go and\b|have \w+(?:ed|en|ne)\b)|\b(?:i|we) won't\b|\b(?:i|we)(?:'ll| will| am going to|'m going to|'m gonna) (?:just |quickly |now |also )*(?:share (?:my|the) screen|move on|stop (?:presenting|sharing|here|there|talking)|start (?:with|by)|go (?:first|next|ahead|over|through|back)|drop (?:a|the) link|speak up|show you|present\b|mute|assume|get there|leave it (?:there|at that)|keep it (?:short|brief)|ask a (?:quick )?question)|\bi'll tell you what\b|\bi'll be honest\b";
    /// It's conditional, over, or someone else's.
    HYPOTHETICAL = r"\b(?:if|unless|otherwise|would have|could have|should have|might have|i wish|imagine|suppose|as if|whether|almost|nearly|was going to|were going to|had planned|used to|would've|could've)\b|\bthen i(?:'d| would| could| might| should)\b|\bi thought (?:i|we|she|he|they|it)(?:'d| would)\b|\b(?:i|we|she|he|they) would\b|\bi'd (?:just |probably |simply )*(?:be|make|take|go|do|say|tell|rather|write|have to)\b|\w'd have \w+|\bwould (?:just |probably |simply |always )*(?:say|go|tell|answer|think)\b";
    /// The speaker reports what was said.
    REPORTS = r"\b(?:i hear you (?:say|saying)|you(?:'re| are) (?:saying|telling me)|you (?:said|say|told me)|what i(?:'m| am)? hear(?:ing)?(?: is)?|if i (?:understand|hear) you(?: right| correctly)?)[^.:]{0,20}:|\b\w+ (?:wrote|writes|said|says)(?: [\w']+){0,3}:|\b(?:i|we)(?:'ve|'d| have| had)? (?:said|told \w+|thought|answered)\b.{0,40}\b(?:i|we)(?:'ll|'d| would| will)\b|\bpromised .{0,20}\b(?:i|we)(?:'d| would)\b|\bi thought,|\b(?:told|tells) me\b|\b(?:he|she|they|everybody|people|nobody|(?:my|our|the) \w+|it)(?:'s|'d)? (?:just |always |also )?(?:said|says|thinks|thought|told me|tells me|reckons|claims|believes|wrote|mentioned|asked)\b|^(?:and |but |so |then )*\w+ (?:said|says|promised|wrote|mentioned)\b";
    /// The speaker reports what someone else did or will do.
    TELLS_OF_ANOTHER = r"^(?:and |but |so |then |well,? )*(?:(?:my|our|the) )?[\w']+ (?:told me|said|says|tells me|wrote|mentioned)(?: that)? (?:he|she|they)(?:'ll|'d|'s|'ve| )|^(?:and |but |so |then )*(?:he|she|they)(?:'s|'ll|'ve)? (?:has |have |had |will |is going to |are going to |just |already )*(?:closed|signed|shipped|launched|finished|sent|call|send|write|book|plan|do|won|sold|hired)\b";
    /// The opposite is meant.
    SARCASM = r"\b(?:oh,? (?:just )?(?:great|wonderful|fantastic|lovely|brilliant|perfect|joy)|yeah,? (?:right|sure)|just what i needed|thanks for nothing|what a (?:joy|treat|triumph)|(?:a )?(?:huge|big|real|great|total) (?:success|win|triumph)[,.] (?:obviously|of course|not|as you can imagine)|best (?:day|week|meeting) ever[,.] (?:obviously|of course|not)|couldn't have gone (?:any )?better[,.] (?:obviously|of course|everybody|half|they|he|she)|i'm (?:so|really) (?:lucky|thrilled) (?:to|that) (?:be|have) (?:ignored|yelled|shouted|blamed))\b";
    /// Someone else thinks or says it.
    THIRD = r"^(?:and |but |so |then )*(?:he|she|they|it's|my \w+|his|her|their|one of|people|everybody|nobody) ";
    /// Someone else is troubled.
    THIRD_HARD = r"\b(?:he|she|they)(?:'s|'re|'d be| is| are| was| were) (?:a bit |so |very |really )?(?:worried|afraid|scared|sad|angry|ashamed|tired|frustrated|nervous)\b";
    /// A plan is dropped, or a promise taken back.
    DROPPED = r"\b(?:stopped with|dropp(?:ed|ing)|cancell?(?:ed|ing)|(?:let's|we|let us) cancel|decided against|off the list|not doing|won't do|changed my mind|forget (?:about )?(?:it|that|the)|scratch that|never mind|nevermind|gone off|called (?:it )?off|said no to|gave up on|don't want to promise|let me take that|it's gone|not going to happen|instead of that)\b";
    /// The next sentence takes back the previous one.
    TAKES_BACK = r"^(?:um+,? )?(?:no\b[.,]|actually,? no\b|wait\b|hm+,? no\b|or (?:not|no)\b|well,? no\b|but no\b|no,? scratch)";

    /// The coach advises.
    ADVISES = r"\b(?:i'd|i would|i'll|i) (?:strongly |really |also |highly |just )?(?:suggest|recommend|encourage|advise|propose|invite you|urge)\b|\bmy (?:advice|suggestion|recommendation)\b|\bi(?:'d| would) (?:like you to|want you to|love you to|keep|put|start|leave|let|be careful|write|try|ask|make|stop|take|begin|go with|avoid|protect)\b|^(?:\w+, |so |and |then |maybe )?(?:try|consider) (?:to |not |\w+ing\b)|\byou (?:can|could|should|might) (?:also |perhaps |maybe )?(?:try|consider)\b|\bmake sure (?:you|that|to)\b|\byou (?:might|may) (?:want to|like to|consider)\b|\bit (?:might|would|could) help (?:you )?(?:to|if you)\b|\bwhy don't you\b|\bremember to\b|^(?:please )?don't forget\b|\byou could (?:\w+ )+(?:first|instead)\b";
    /// It is not advice.
    ADVISES_NOT = r"\bstay there\b|\bfor a (?:second|moment|minute)\b|\bi (?:would|'d) have\b|\bi'd (?:like|love) to (?:hear|know|ask|understand|push)\b|\bi'd be (?:curious|happy)\b|\bi(?:'d| would) (?:say|ask) (?:that|you)\b.*\?|\bi (?:make|take|try|start|stop|put|keep|let|leave|ask|write)\b";
    /// The coach will do it.
    COACH_WILL = r"\b(?:i'll|i will|let me|i'm going to) (?:also |just )?(?:send|share|check|write|email|mail|forward|book|introduce|connect|look (?:up|into|at)|find|talk to|speak (?:to|with)|reach out|dig (?:out|up)|make you|drop you|text you|ping|reschedule|set up|bring|prepare|put together|read it|call|follow up|get back|draft|add|upload|post|schedule|arrange|remind you|let you know|pass (?:it|that|on)|get (?:it|that|this|them|the [\w' ]{2,30}) (?:over )?(?:to|for) you\b|get back to you\b|get you (?:the|an?|my)\b|have (?:it|that|this|them|the \w+|my \w+) (?:to|for|with|ready)|give you (?:the|my|a list))\b";
    /// It isn't done, and won't be.
    REFUSES = r"^(?:um+,? |uh+,? |well,? |oh,? )*(?:no\b|nope\b|sorry\b|i'm afraid (?:i|not|that)\b|i'd rather not\b|rather not\b|i (?:can't|cannot|won't|couldn't|don't think i)\b|not (?:really|now|yet|this)\b|absolutely not\b)";

    /// Something became clear.
    INSIGHT = r"\b(?:reali[sz]ed?|it hit me|i (?:hadn't|had not|have never|'ve never|never) (?:seen|thought|said|noticed|understood|felt)|never thought of|now i (?:think|see|know|understand)|i (?:now )?see (?:now|that it)|that's (?:exactly|the thing|it,|me\b)|exactly that|the same thing|i noticed|i understand now|what i learn(?:ed|t)|i(?:'ve)? learn(?:ed|t)|it changes|i thought the goal|it occurred|dawned|i forgot that|i think i'd|i'd swapped|i swapped|makes sense now|i would rather not|i'd rather not|i've been writing|the real|underneath|clicked|eye[- ]opener|turning point|a story in my|i'm surprised|surprised that i|haven't felt that|first time i|it was never about|wasn't about|isn't about|it's not about|i can be \w+ .{0,40} and still)\b";
    /// The coach asks what it means.
    ASKS_MEANING = r"\b(?:what (?:do|did) you (?:take|make|learn|notice|want to remember|think (?:is|was) different)|what are you taking|what does that (?:tell|say|change)|say (?:more|that once more)|what do you want to remember|what's (?:the insight|different)|what did that)\b";

    /// The person is in distress, or about to leave: with the weight in `risk`.
    DISTRESS = r"\b(?:burn(?:ed|t|ing)? out|burnout|can't sleep|not sleeping|panic\w*|crying|cried|hopeless|depress\w*|exhausted|desperate|breaking down|broke down|can't (?:go on|do this|cope|take it)|at my limit|end of my rope|overwhelmed|falling apart|anxiety|no way out|sick leave|fell asleep at|hit the wall)\b";
    /// The person talks about leaving or giving up.
    QUITTING = r"\b(?:(?:i|i'm|i've|want to|going to|thinking (?:of|about)|think about|ready to|might|handed in my) (?:quit(?:ting)?|resign(?:ed|ing|ation)?|giv(?:e|ing) up|leav(?:e|ing) (?:the company|my job|the job|the firm|this job)|notice)|stop (?:the )?coaching|no point)\b";

    /// The coach starts a role play.
    ROLE_ON = r"\bi'm your (?:boss|father|mother|client|manager|husband|wife|customer|ceo)\b|\b(?:me being|i'll be|i'll play|i play|let me be|let me play|pretend i'm|imagine i'm|i am now|role[- ]play)\b";
    /// The role play ends.
    ROLE_OFF = r"\b(?:the real (?:one|thing|meeting|talk|conversation|call|\w+)\?|what (?:will|do|would) you take (?:into|from|with|away|out)|i'm (?:\w+ )?again|end of (?:the )?role|out of (?:the )?role|how was (?:that|it)|how long was|okay,? stop|let's stop|back to (?:us|you|me)|stepping out|what did you notice)\b";
}
