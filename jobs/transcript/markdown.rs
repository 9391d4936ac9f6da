//! Markdown that is neither words nor structure of a talk: quotations, callouts, code, links, footnotes. What is left
//! is what the readers know: headings, bold names, lists, tables.
//!
//! Reads a text, returns a text with the same lines.

mod emphasis;

use std::borrow::Cow;

pub(super) use self::emphasis::unemphasized;
use super::{label, time};

/// The first bytes of a file, which show whether it's Markdown.
const HEAD: usize = 1 << 14;
/// The maximum length of a link or a marked time, in bytes.
const REACH: usize = 400;

/// The text without this markup; `None` if it isn't Markdown, or has none of it.
pub(super) fn unmarked(text: &str) -> Option<String> {
    let head = &text[..text.floor_char_boundary(HEAD)];
    if !is_one(head) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut fenced = false;
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            out.push_str(&unmarked_line(line));
            out.push_str(end);
            continue;
        }
        out.push_str(line);
        out.push_str(end);
    }
    (out != text).then_some(out)
}

/// Whether a text has markup that only Markdown has; people also write a star or a bracket.
fn is_one(head: &str) -> bool {
    // tl;dv's links have their own reader.
    let linked =
        |line: &&str| line.starts_with('[') && link(line).is_some_and(|(shown, _)| time::whole(shown).is_some());
    let timed =
        |line: &str| line.contains("-->") && line.trim_start().starts_with(|letter: char| letter.is_ascii_digit());
    if head.starts_with("WEBVTT") || head.lines().any(timed) || head.lines().filter(linked).nth(1).is_some() {
        return false;
    }
    let (mut callouts, mut signs) = (0, 0);
    let mut named = false;
    for line in head.lines() {
        // `Ana:` followed by a quotation.
        signs += usize::from(std::mem::take(&mut named) && unquoted(line).is_some_and(|quoted| !quoted.is_empty()));
        named = line.trim_end().ends_with(':');
        let bare = unquoted(line).unwrap_or(line).trim_start();
        let listed = label::unlisted(bare);
        callouts += usize::from(bare.len() < line.trim_start().len() && callout(bare).is_some());
        let title = bare.trim_start_matches('#');
        let heads = title.len() < bare.len() && bare.len() - title.len() <= 6 && title.starts_with(' ');
        let rule = bare.starts_with('|') && bare.contains("--") && bare.chars().all(|letter| "|-: ".contains(letter));
        signs += if rule { 2 } else { 0 };
        let bold = listed.starts_with("**") && listed[2..].contains("**");
        let code = listed.contains('`') && codes(listed);
        signs +=
            usize::from(heads || bold || code || bare.contains("[[") || bare.contains("](http") || bare.contains("[^"));
    }
    callouts > 0 || signs >= 2
}

/// Whether something in backquotes is a time, or the words after a name.
fn codes(line: &str) -> bool {
    let inner = line.split('`').skip(1).step_by(2);
    inner.into_iter().any(|inner| time::lenient(inner.trim_matches(['[', ']', '(', ')', ' '])).is_some())
        || line.starts_with('`') && line.matches('`').count() == 2
}

/// A line without its quotation mark; `None` if it has none. `>>` marks a change of speaker.
fn unquoted(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    let mut found = false;
    while let Some(inner) = rest.strip_prefix('>').filter(|inner| !inner.starts_with('>')) {
        rest = inner.trim_start();
        found = true;
    }
    found.then_some(rest)
}

/// What follows the mark of a callout, `[!note]- Ana`.
fn callout(line: &str) -> Option<&str> {
    let (kind, rest) = line.strip_prefix("[!")?.split_once(']')?;
    let plain = kind.len() <= 40 && kind.chars().all(|letter| letter.is_alphanumeric() || "-_ |".contains(letter));
    plain.then(|| rest.trim_start_matches(['+', '-']).trim())
}

fn unmarked_line(line: &str) -> String {
    let quoted = unquoted(line);
    if let Some(title) = quoted.and_then(callout) {
        // It's the heading of what follows, like a bold line.
        let title = inline(title);
        let bare = title.trim().trim_matches('*');
        return if bare.is_empty() { String::new() } else { format!("**{bare}**") };
    }
    let line = quoted.unwrap_or(line);
    if line.trim_start().starts_with("<!--") && line.trim_end().ends_with("-->") {
        return String::new();
    }
    // The line below a table's headings.
    if line.contains("--")
        && line.contains('|')
        && line.chars().all(|letter| matches!(letter, '|' | '-' | ':' | ' ' | '\t'))
    {
        return String::new();
    }
    time_first(emphasis::unstressed(inline(&unnumbered(&unnested(line).replace("***", "**")))))
}

/// An item of a nested list, as a separate line: the words below a name that is an item.
fn unnested(line: &str) -> &str {
    let point = line.trim_start();
    let nested = line.len() - point.len() >= 2 || line.starts_with('\t');
    let bare = ["- ", "* ", "+ ", "• "].iter().find_map(|mark| point.strip_prefix(mark)).filter(|_| nested);
    bare.filter(|bare| !bare.starts_with(['*', '[', '_'])).unwrap_or(line)
}

/// `1. **Ana:** so` as `- **Ana:** so`: the numbers are Markdown's own.
fn unnumbered(line: &str) -> Cow<'_, str> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line.get(digits..).and_then(|rest| rest.strip_prefix(['.', ')'])).unwrap_or("");
    let bold = (1..=5).contains(&digits) && rest.starts_with(' ') && rest.trim_start().starts_with("**");
    if bold { Cow::Owned(format!("-{rest}")) } else { Cow::Borrowed(line) }
}

/// `**00:03 Ana:** so` as `00:03 **Ana:** so`.
fn time_first(line: String) -> String {
    let listed = label::unlisted(&line);
    let Some(inner) = listed.strip_prefix("**") else { return line };
    let open = inner.trim_start_matches(['[', '(']);
    let Some((_, rest)) = time::lenient(open) else { return line };
    let behind = rest.trim_start_matches([']', ')']);
    let name = behind.trim_start_matches([' ', '-', '–', '—', '·', '|']);
    if name.len() == behind.len() || !name.contains("**") || name.starts_with("**") {
        return line;
    }
    let (mark, written) = (&line[..line.len() - listed.len()], &inner[..inner.len() - behind.len()]);
    format!("{mark}{written} **{name}")
}

/// A line without inline markup.
fn inline(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['`', '[', '!', '<', '*', '_', '&']) {
        out.push_str(&rest[..at]);
        let here = &rest[at..];
        let apart = out.is_empty() || out.ends_with([' ', '\t', '|', '·', '-', '–', '—', '>']);
        // A name may be a link; a link within the words stays as it is.
        let begins = out.ends_with("**") && !out.contains(char::is_alphanumeric);
        let linked = link(here).filter(|(shown, _)| begins || !is_linked(here) || time::lenient(shown).is_some());
        match linked.or_else(|| if apart { time_in_marks(here) } else { None }) {
            Some((shown, after)) => {
                out.push_str(&inline(shown));
                rest = after;
            }
            None => {
                let width = here.chars().next().map_or(0, char::len_utf8);
                if !here.starts_with('`') {
                    out.push_str(&here[..width]);
                }
                rest = &here[width..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The displayed text of a link, a picture, a footnote mark or a line break, and what follows it.
fn link(text: &str) -> Option<(&str, &str)> {
    let marks = [
        ("<br>", " "),
        ("<br/>", " "),
        ("<br />", " "),
        ("&nbsp;", " "),
        ("<details>", ""),
        ("</details>", ""),
        ("<details open>", ""),
        ("<summary>", ""),
        ("</summary>", ""),
    ];
    for (mark, shown) in marks {
        if let Some(after) = text.strip_prefix(mark) {
            return Some((shown, after));
        }
    }
    let reach = |text: &'_ str| text.floor_char_boundary(REACH);
    let picture = text.strip_prefix('!').filter(|rest| rest.starts_with('['));
    let open = picture.unwrap_or(text).strip_prefix('[')?;
    if let Some(page) = open.strip_prefix('[') {
        let end = page[..reach(page)].find("]]")?;
        let name = page[..end].split('|').next_back().unwrap_or("");
        let name = name.split('#').next().unwrap_or(name);
        return Some((name, &page[end + 2..]));
    }
    let end = open[..reach(open)].find(']')?;
    let (shown, after) = (&open[..end], &open[end + 1..]);
    // A footnote's text is on its own line.
    if let Some(number) = shown.strip_prefix('^') {
        return (!number.is_empty() && !after.starts_with(':')).then_some(("", after));
    }
    let address = after.strip_prefix('(')?;
    let close = address[..reach(address)].find(')')?;
    let target = &address[..close];
    let is_address = ["http:", "https:", "#", "/", "./", "obsidian:"].iter().any(|start| target.starts_with(start));
    is_address.then_some((if picture.is_some() { "" } else { shown }, &address[close + 1..]))
}

/// Whether a text begins with a link to a web address.
fn is_linked(text: &str) -> bool {
    text.starts_with('[') && !text.starts_with("[[") && !text.starts_with("[^")
}

/// A time between stars or underscores, and what follows it.
fn time_in_marks(text: &str) -> Option<(&str, &str)> {
    let mark = ["***", "**", "*", "__", "_"].into_iter().find(|mark| text.starts_with(mark))?;
    let inner = &text[mark.len()..];
    let end = inner[..inner.floor_char_boundary(48)].find(mark)?;
    let bare = inner[..end].trim_matches(['[', ']', '(', ')', '`', ' ']);
    let of_time =
        |letter: char| letter.is_ascii_digit() || matches!(letter, ':' | '.' | ',' | '-' | '–' | ' ' | '>' | '→');
    let is_time = bare.contains(':') && bare.chars().all(of_time) && time::lenient(bare).is_some();
    is_time.then(|| (&inner[..end], &inner[end + mark.len()..]))
}

#[cfg(test)]
mod tests {
    use super::{unemphasized, unmarked};
    use crate::parse;

    #[test]
    fn marks_go_and_words_stay() {
        for (line, wanted) in [
            ("> so", "so"),
            ("> > so", "so"),
            ("> [!note] Ana", "**Ana**"),
            ("> [!quote]+ [[Ana Ruiz]] 00:03", "**Ana Ruiz 00:03**"),
            (">> so", ">> so"),
            ("#### Ana · `00:03`", "#### Ana · 00:03"),
            ("**Ana** *00:03*", "**Ana** 00:03"),
            ("**Ana** __[00:03]__", "**Ana** [00:03]"),
            ("[00:03](https://x.example/?t=3) Ana: so", "00:03 Ana: so"),
            ("Ana: so[^1] it is ![x](https://x.example/x.png)", "Ana: so it is "),
            ("[^1]: a note", "[^1]: a note"),
            ("Ana: [laughs] (so) it is", "Ana: [laughs] (so) it is"),
            ("Ana: they come with *everything*, and _she_ knew", "Ana: they come with everything, and she knew"),
            ("**Ana:** “I want *it all*.” *Nobody* told me.", "**Ana:** “I want it all.” Nobody told me."),
            ("Ana: one *thing*: it works", "Ana: one thing: it works"),
            ("Ana Ruiz *coach*: so", "Ana Ruiz *coach*: so"),
            ("Ana: 5 * 3 * 2 and snake_case_names", "Ana: 5 * 3 * 2 and snake_case_names"),
            ("Ana: I *laughs* I know *smiles*", "Ana: I *laughs* I know *smiles*"),
            ("Ana: *laughs* I know. *door slams*", "Ana: *laughs* I know. *door slams*"),
            ("*Ana Ruiz* — so", "*Ana Ruiz* — so"),
            ("Ana: [[Tom Berg|Tom]] said `so`", "Ana: Tom said so"),
        ] {
            let text = format!("# A\n# B\n{line}\n");
            let seen = unmarked(&text).unwrap_or_else(|| text.clone());
            assert_eq!(seen, format!("# A\n# B\n{wanted}\n"), "{line}");
            assert!(
                unmarked(&format!("{}\n", line.trim_start_matches("> [!"))).is_none() || line.contains("[!"),
                "{line}"
            );
        }
        assert_eq!(unemphasized("I **really** am, __so__ ** it is *laughs*"), "I really am, so ** it is *laughs*");
    }

    #[test]
    fn a_talk_in_markdown_is_read_however_it_is_set() {
        let turns = [
            ("Ana Ruiz", "00:03", "Where did we stop, a week ago?"),
            ("Tom Berg", "00:09", "At the letter: I never wrote it."),
            ("Ana Ruiz", "00:17", "What became of it?"),
            ("Tom Berg", "00:21", "I will post it on Friday."),
        ];
        for (layout, timed) in [
            ("**%**\n> $\n\n", false),
            ("**%** (@)\n> $\n\n", true),
            ("**%** `@`\n\n$\n\n", true),
            ("**%** *@*\n$\n\n", true),
            ("**`@` %:** $\n\n", true),
            ("`@` **%**: $\n\n", true),
            ("- `@` **%:** $\n", true),
            ("- **%:** $\n", false),
            ("* % — $\n", false),
            ("1. **%**: $\n", false),
            ("> [!note] %\n> $\n\n", false),
            ("> [!quote]+ %\n> $\n\n", false),
            ("> [!quote] [[%]] @\n> $\n\n", true),
            ("#### % · `@`\n\n> $\n\n", true),
            ("### %\n\n$\n\n", false),
            ("### %\n*@*\n\n$\n\n", true),
            ("> **%** — @\n> $\n\n", true),
            ("> **%:** $\n>\n", false),
            ("**[%](https://x.example)** [@](https://x.example/?t=1)\n$\n\n", true),
            ("**%:** $[^1]\n\n", false),
            ("%:\n> $\n\n", false),
            ("*%* — $\n\n", false),
            ("<!-- x -->\n**%**  \n*[@]*  \n$\n\n", true),
        ] {
            let body: String = turns
                .iter()
                .map(|(name, at, text)| layout.replace('%', name).replace('@', at).replace('$', text))
                .collect();
            let file =
                format!("# Session\n\n## Transcript\n\n{body}\n[^1]: checked twice\n- [ ] Tom Berg: post the letter\n");
            let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}\n{file}"));
            assert!(read.account.balances(), "{file}");
            let said: Vec<_> = read.utterances.iter().map(|said| (said.label.as_deref(), said.text.as_str())).collect();
            assert_eq!(said, turns.map(|(name, _, text)| (Some(name), text)), "{file}");
            let starts: Vec<_> = read.utterances.iter().map(|said| said.start_ms).collect();
            let wanted = [3_000, 9_000, 17_000, 21_000].map(|at| timed.then_some(at));
            assert_eq!(starts, wanted, "{file}");
        }
    }
}
