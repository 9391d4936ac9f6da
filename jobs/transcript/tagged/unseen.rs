//! What a page doesn't show, or strikes through: by element, by attribute, by its own style, or by a class that the page's
//! style sheet hides. Style sheets elsewhere, and rules for more than one class, aren't read.

use std::collections::HashSet;

use super::attribute;

/// Elements whose text is struck through.
const STRUCK: &[&str] = &["del", "s", "strike"];
/// Declarations that hide text or strike it through, without spaces.
const DECLARATIONS: [&str; 6] = [
    "display:none",
    "visibility:hidden",
    "visibility:collapse",
    "text-decoration:line-through",
    "text-decoration-line:line-through",
    "opacity:0;",
];

/// The classes that a page hides.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    classes: HashSet<String>,
}

impl Unseen {
    /// Reads a page's style sheets.
    pub(super) fn of(page: &str) -> Self {
        let mut unseen = Self::default();
        let mut rest = page;
        while let Some(at) = find(rest, "<style") {
            let sheet = &rest[at..];
            let end = find(sheet, "</style").unwrap_or(sheet.len());
            let rules = sheet[..end].split_once('>').map_or("", |(_, rules)| rules);
            unseen.read(rules);
            rest = &sheet[end..];
        }
        unseen
    }

    /// Takes over the classes of `.gone, .away { display: none }`. What holds for print or for small screens stands within
    /// another rule, and is passed over.
    fn read(&mut self, rules: &str) {
        let mut depth = 0_usize;
        let mut selector = "";
        let mut start = 0;
        for (at, sign) in rules.char_indices() {
            match sign {
                '{' => {
                    if depth == 0 {
                        selector = rules[start..at].trim();
                        start = at + 1;
                    }
                    depth += 1;
                }
                '}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        if !selector.starts_with('@') && hides(&rules[start..at]) {
                            let classes = selector.split(',').filter_map(|one| one.trim().strip_prefix('.'));
                            let plain =
                                |class: &&str| class.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
                            self.classes.extend(classes.filter(plain).map(str::to_owned));
                        }
                        start = at + 1;
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether the text of this element isn't seen, or is struck through.
    pub(super) fn holds(&self, element: &str, tag: &str) -> bool {
        STRUCK.contains(&element)
            || has_hidden(tag)
            || attribute(tag, "style").is_some_and(hides)
            || attribute(tag, "class")
                .is_some_and(|class| class.split_whitespace().any(|one| self.classes.contains(one)))
    }
}

/// Whether a tag has the attribute `hidden`; the same word in the value of another one says nothing.
fn has_hidden(tag: &str) -> bool {
    let mut quote = None;
    let outside = tag.split(|sign: char| {
        match quote {
            Some(open) if open == sign => quote = None,
            None if matches!(sign, '"' | '\'') => quote = Some(sign),
            _ => {}
        }
        quote.is_none() && (sign.is_whitespace() || matches!(sign, '>' | '/'))
    });
    outside.skip(1).any(|word| word.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("hidden")))
}

fn hides(declarations: &str) -> bool {
    let mut bare: String = declarations.chars().filter(|c| !c.is_whitespace()).collect();
    bare.make_ascii_lowercase();
    bare.push(';');
    DECLARATIONS.iter().any(|declaration| bare.contains(declaration))
}

/// Where an ASCII word begins, whatever its case.
fn find(text: &str, word: &str) -> Option<usize> {
    memchr::memchr_iter(b'<', text.as_bytes()).find(|at| {
        text.as_bytes()[*at..].get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    })
}
