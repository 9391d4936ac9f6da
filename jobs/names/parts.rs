//! Role names of the two people in a coaching session, in the languages in which people write labels. Pure.

use std::{collections::HashSet, sync::LazyLock};

use super::alias_key;

/// The person who coaches. A space inside is written `_`.
const COACH: &str = "coach coachin coach_in coachs coacheuse coaching_coach trainer trainerin berater beraterin berater_in \
    entrenador entrenadora entrenador_a treinador treinadora allenatore allenatrice formatore begeleider coachen coachen_in \
    tränare valmentaja træner rådgiver trener trenerka trener_ka kouč koučka antrenor edző koç koçu koc \
    коуч тренер консультант наставник \
    προπονητής מאמן מאמנת المدرب المدربة مدرب مدربة الكوتش كوتش مربی کوچ कोच প্রশিক্ষক โค้ช โค้ชผู้ฝึก pelatih \
    huấn_luyện_viên 教练 教練 教练员 教練員 教练师 コーチ コーチング 코치 코치님 코칭";

/// The person being coached.
pub(crate) const CLIENT: &str = "client cliente coachee coachees coaché coachée coache coachado coachada coachando klient klientin \
    klient_in klientka klijent klijentica klienti kunde kundin kund klant asiakas ügyfél danışan müşteri \
    клиент клиентка коучи клієнт клієнтка πελάτης לקוח לקוחה מתאמן מתאמנת العميل العميلة عميل عميلة المتدرب المتدربة مراجع \
    ग्राहक ผู้รับการโค้ช โค้ชชี่ ลูกค้า pelanggan klien khách_hàng 客户 客戶 来访者 來訪者 学员 學員 被教练者 被教練者 当事人 \
    クライアント クライエント コーチー 고객 고객님 클라이언트 의뢰인 내담자 피코치";

fn folded(words: &str) -> HashSet<String> {
    words.split_whitespace().map(|word| alias_key(&word.replace('_', " "))).collect()
}

/// Whether a folded label is a word for the person who coaches.
pub(crate) fn is_coach(key: &str) -> bool {
    static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| folded(COACH));
    WORDS.contains(key)
}

/// Whether a folded label is a word for the person being coached.
pub(crate) fn is_client(key: &str) -> bool {
    static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| folded(CLIENT));
    WORDS.contains(key)
}

#[cfg(test)]
mod tests {
    use super::super::{Claim, claim, generic};

    #[test]
    fn parts_are_known_in_many_languages() {
        for label in [
            "Coach",
            "The coach",
            "COACH:",
            "Coach 1",
            "Коуч",
            "Тренер",
            "コーチ",
            "โค้ช",
            "教练",
            "코치",
            "المدرب",
            "Entrenador",
            "Entrenadora",
            "Berater",
            "Coachin",
            "Koç",
            "Trener",
        ] {
            assert_eq!(claim(label), Some(Claim::Coach), "{label}");
        }
        for label in [
            "Client",
            "Coachee",
            "Клиент",
            "クライアント",
            "客户",
            "客戶",
            "고객",
            "العميل",
            "Cliente",
            "Klientin",
            "Coachée",
            "ผู้รับการโค้ช",
            "Danışan",
            "Клиент 1",
        ] {
            assert_eq!(claim(label), Some(Claim::Client), "{label}");
            assert!(generic::is_generic(label), "{label}");
        }
        for label in ["Maya", "Coach Maya", "Trainer Joe", "Client Services", "客", "Kun"] {
            assert_eq!(claim(label), None, "{label}");
        }
    }
}
