//! Badges that meeting tools add to a name: "(Guest)", "(Unverified)", "(Host, me)", "External unfamiliar". Pure.
//!
//! They say where an account belongs or whose screen shows the name, never that someone else is at the microphone. In
//! brackets or after a bar they are badges whatever comes before; otherwise only the few that nobody has as a name.

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{LazyLock, OnceLock},
};

use regex::Regex;

use super::fold::fold;

/// A label, folded, without its badges; unchanged if nothing else would be left.
pub(super) fn without(folded: &str) -> Cow<'_, str> {
    static BRACKETS: LazyLock<Regex> = LazyLock::new(|| regex(r"[(\[{【]([^)\]}】]*)[)\]}】]"));
    static BESIDE: LazyLock<Regex> = LazyLock::new(|| regex(r"^(.*\S)\s*(?:\s[-–—]|[|·•/])\s*([^|·•/]+)$"));
    static LAST: LazyLock<Regex> =
        LazyLock::new(|| regex(r"\s+(?:(?:external\s+)?unfamiliar|external|unverified|extern\s+unbekannt)\s*$"));

    let mut text = Cow::Borrowed(folded);
    let stripped =
        BRACKETS.replace_all(
            folded,
            |found: &regex::Captures<'_>| {
                if are_badges(&found[1]) { " ".to_owned() } else { found[0].to_owned() }
            },
        );
    if has_letters(&stripped) {
        text = Cow::Owned(stripped.into_owned());
    }
    while let Some(found) = BESIDE.captures(&text).filter(|found| are_badges(&found[2])) {
        let before = found[1].to_owned();
        text = Cow::Owned(before);
    }
    match LAST.find(&text) {
        Some(found) if has_letters(&text[..found.start()]) => Cow::Owned(text[..found.start()].to_owned()),
        _ => text,
    }
}

fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

/// Whether every part of a remark is a badge: `Host, me`.
fn are_badges(remark: &str) -> bool {
    static BADGES: OnceLock<HashSet<String>> = OnceLock::new();
    let badges = BADGES.get_or_init(|| WORDS.split_whitespace().map(|word| fold(&word.replace('_', " "))).collect());
    let mut parts = remark.split([',', ';', '/', '&', '·', '+']).map(|part| part.trim().replace('-', " ")).peekable();
    parts.peek().is_some()
        && parts.all(|part| badges.contains(part.split_whitespace().collect::<Vec<_>>().join(" ").as_str()))
}

/// A space inside is written `_`; a hyphen counts as one.
const WORDS: &str = "guest unverified verified external internal unfamiliar external_unfamiliar external_user \
    external_guest host co_host cohost me you organizer organiser presenter panelist panellist attendee visitor anonymous \
    in_lobby dial_in phone \
    gast extern externe externer externer_gast nicht_überprüft nicht_verifiziert unbestätigt organisator gastgeber \
    mitgastgeber co_moderator ich referent \
    invité invitée externe non_vérifié non_vérifiée organisateur organisatrice hôte co_hôte coanimateur moi vous \
    invitado invitada externo externa no_verificado no_verificada sin_verificar anfitrión anfitriona coanfitrión \
    organizador organizadora yo usted \
    convidado convidada não_verificado não_verificada anfitrião anfitriã você \
    ospite esterno esterna non_verificato non_verificata organizzatore organizzatrice \
    niet_geverifieerd ik jij \
    gäst ej_verifierad overifierad ej_bekräftad värd organisatör jag gjest gæst ekstern ikke_bekreftet \
    ikke_bekræftet ikke_verificeret ubekreftet vert vært arrangør jeg vieras ulkoinen vahvistamaton \
    isäntä järjestäjä \
    gość zewnętrzny zewnętrzna niezweryfikowany niezweryfikowana gospodarz organizator \
    externí neověřený neověřená hostitel hosť externý hostiteľ gost vanjski vendég külső nem_ellenőrzött házigazda \
    oaspete invitat neverificat gazdă konuk misafir harici doğrulanmamış toplantı_sahibi siz \
    гость внешний внешняя непроверенный не_проверено организатор я вы гість зовнішній неперевірений організатор \
    επισκέπτης εξωτερικός μη_επαληθευμένος διοργανωτής εγώ \
    אורח חיצוני לא_מאומת מארח אני ضيف خارجي لم_يتم_التحقق مضيف أنا أنت \
    ゲスト 外部 未確認 未検証 ホスト 共同ホスト 主催者 自分 あなた 来宾 來賓 访客 訪客 未验证 未驗證 未经验证 主持人 联席主持人 我 你 \
    게스트 외부 확인되지_않음 미확인 호스트 공동_호스트 주최자 본인 แขก ผู้เยี่ยมชม khách tamu";

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are constants that the tests compile")
}
