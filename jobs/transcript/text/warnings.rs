//! What is said of a text in which it is unsure who speaks.

/// The warning about a line without a name, where nearly all others have one.
pub(crate) const UNNAMED_LINE: &str = "this line has no name, while nearly all others do: it is read as the words of the person above it; \
     please check who speaks here";

/// The warning about a label without its colon.
pub(crate) const MISTYPED_LABEL: &str = "this line begins with a speaker's name, but without the usual colon: it is read as that person's \
     words; please check who speaks here";

/// The warning about a line that begins with a speaker's name, who may be spoken to.
pub(crate) const NAME_WITHOUT_COLON: &str = "this line begins with a speaker's name, but without a colon: it is read as the words of the \
     person above it; please check who speaks here";

/// The warning about a name on a line of its own, where all others have a time.
pub(crate) const NAME_WITHOUT_TIME: &str = "this line is a speaker's name, but without a time: what follows is read as that person's words; \
     please check who speaks here";

/// The warning about an answer by an unknown speaker.
pub(crate) const ANSWER: &str =
    "this line is set off below somebody else's words and has no name: please check who speaks here";

/// The warning if only marks tell speakers apart.
pub(crate) const UNNAMED_TURNS: &str =
    "nobody is named: the marks (>>) show where somebody else starts speaking, but not who it is";

/// The warning if only questions and answers are marked.
pub(crate) const SIDES: &str =
    "questions and answers are marked, but nobody is named: please check that this was spoken, and who asks";

/// The warning about interjections in brackets.
pub(crate) const INTERJECTED: &str = "words in brackets with a name, here and below, are read as said by that person: please check who \
     it is";

/// The warning about notes after the talk.
pub(crate) const NOTES: &str =
    "a heading that is not speech: the text below it, until somebody speaks again, is set aside as notes";
