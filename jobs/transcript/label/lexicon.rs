//! Words that distinguish a sentence from a label, in the languages in which our coaches work. Lower case.
//!
//! They are few and common on purpose: a name that is also such a word (So, May, Will) is recognised by how it's
//! written.

use std::{collections::HashSet, sync::LazyLock};

pub(super) type WordSet = LazyLock<HashSet<&'static str>>;

fn set(lists: &[&'static str]) -> HashSet<&'static str> {
    lists.iter().flat_map(|list| list.split_whitespace()).collect()
}

/// What precedes a colon in a line about the meeting. Several words are joined by `_`.
pub(super) static STRUCTURE: WordSet = LazyLock::new(|| {
    set(&[
        "title date time participants attendees place location duration meeting subject topic recorded recording \
         transcript transcription language note session session_date session_type kind style region start end \
         start_time end_time started action from to cc bcc sent re fwd url link http https mailto file page total info \
         warn warning error debug todo p.s ps meeting_id passcode speakers present absent created meeting_title \
         file_name invitees source model version generated_by meeting_participants outcome goal goals wins challenges \
         keywords deadline due status owner chapter legend key email e-mail phone tel telephone mobile fax address website company \
         name author commit committer merge audio audio_source video audio_file recorded_by",
        "datum zeit titel teilnehmer teilnehmende ort dauer thema betreff von an deltagare plats tid ämne \
         participantes fecha lugar hora asunto data assunto participants objet lieu heure partecipanti luogo oggetto \
         deelnemers plaats onderwerp",
        SECTIONS,
    ])
});

/// Headings of notes above or below a transcript.
const SECTIONS: &str = "summary action_items actions next_step next_steps notes agenda key_points key_takeaways takeaways highlights \
    decisions outcomes homework overview recap chapters recommendations follow-up follow-ups zusammenfassung \
    nächste_schritte aufgaben notizen tagesordnung sammanfattning nästa_steg anteckningar notas resumen próximos_pasos \
    resumo résumé prochaines_étapes riassunto prossimi_passi samenvatting meeting_notes session_notes";

/// Like [`STRUCTURE`], but only [`SECTIONS`].
pub(super) static SECTION: WordSet = LazyLock::new(|| set(&[SECTIONS]));

/// What precedes a colon in a transcriber's note, and isn't a person.
pub(super) static NOTE: WordSet = LazyLock::new(|| {
    set(&[
        "note translation correction comment background phone sound music video audio screen slide whispering singing \
         reading aside anmerkung übersetzung notiz kommentar remarque traduction nota traducción traducción tradução \
         nota traduzione anteckning översättning opmerking vertaling",
    ])
});

/// No name ends with these: "Recorded with", "Transcribed by".
pub(super) static JOINT: WordSet = LazyLock::new(|| {
    set(&["by with of on at for from to and the von mit am um für über bei av med par avec pour le por con para del \
         da di met door"])
});

/// Verbs and pronouns: one of them in lower case makes it a sentence, in any position.
pub(super) static CLAUSE: WordSet = LazyLock::new(|| {
    set(&[
        "i i'm i've i'd i'll we we're you you're they it it's he she he's she's this that that's these those what \
         what's which who why how when then there there's here here's is are was were be been am do does did don't \
         didn't have has had not said says say told tell tells asked ask asks thought think wrote writes went want \
         wanted know knew because if but so thing things just also like can could would should will won't me us him \
         about as let let's means mean",
        "ich wir sie er es ist sind war waren hat habe haben sagte sage sagen sagt schrieb dass was wie wenn aber weil \
         nicht mir mich dir dich so dann noch schon auch denn ob eins sache gesagt geht",
        "jag vi ni det är var har hade sa säga sade skrev att som inte om när hur så då vad sak",
        "je j'ai tu il elle nous vous ils elles est sont était dit écrit que qui quoi ce c'est pas mais si quand comme \
         donc chose",
        "yo tú él ella nosotros es era fue dije dijo escribió que qué lo pero cuando como porque está cosa",
        "eu você ele ela nós é são foi disse escreveu não mas quando porque coisa",
        "io lui lei noi è sono detto scritto che non ma quando perché questo cosa",
        "ik jij hij zij wij zijn heb heeft zei schreef dat wat niet maar als omdat dan ding",
    ])
});

/// Words that begin a sentence; later on in lower case, they may connect the parts of a label ("Anna at home").
pub(super) static OPENING: WordSet = LazyLock::new(|| {
    set(&[
        "the a an and or to of for in on at with by from my your our their his her its one two three four five six \
         seven eight nine ten first second third last next another other some any every no yes yeah okay ok well now \
         right look listen wait anyway meaning remember basically actually finally honestly exactly again true fine \
         question answer example result problem point fact truth today tomorrow yesterday tonight monday tuesday \
         wednesday thursday friday saturday sunday thank thanks please sorry maybe perhaps sure great good yep nope \
         plus still hence therefore however moreover either instead imagine see go rule tip bottom only really best worst most least mhm mm mmm hm hmm \
         uh um uh-huh mm-hmm huh ah oh aha wow hi hello hey bye goodbye \
         long short new old",
        "und oder der die das den dem ein eine einen einem kein keine ja nein gut nun jetzt heute morgen gestern \
         montag dienstag mittwoch donnerstag freitag samstag sonntag erstens zweitens drittens frage antwort beispiel \
         ergebnis punkt bei für mit auf an aus wichtig danke bitte genau klar doch jo hallo tschüss stimmt kurz hier da wer wo warum also vielleicht",
        "le la les l' un une mon ma mes ton ta tes votre notre nos vos et ou alors oui non bon bien voilà demain hier \
         lundi mardi mercredi jeudi vendredi samedi dimanche premièrement deux trois réponse exemple pour dans en avec \
         ici merci ouais bonjour salut d'abord ensuite enfin autre par",
        "el los las una mi mis tu su sus nuestro nuestra y o entonces sí bueno hoy mañana ayer lunes martes miércoles \
         jueves viernes sábado domingo primero dos tres pregunta respuesta ejemplo para con por gracias otra otro",
        "os um uma meu minha nosso nossa e então sim bom hoje amanhã ontem dois duas três pergunta resposta em com \
         obrigado obrigada",
        "il gli mio mia nostro nostra allora bene oggi domani ieri primo due domanda risposta esempio per grazie",
        "min mitt mina vår vårt våra en ett och eller nej bra idag imorgon igår måndag tisdag onsdag torsdag fredag \
         lördag söndag första två fråga svar exempel för på med tack kom men",
        "嗯 对 對 好 是的 好的 不是 はい うん ええ そう 네 예 아니요 да нет ну так 所以 因为 因為 但是 而且 然后 然後 要点 要點 比如 例如 首先 其次 最后 最後 总之 總之 结论 結論 问题 問題 答案 重点 重點 另外 第一 第二 \
         第三 例えば つまり まず 次に 最後に 예를 그래서 결론",
        "de een mijn ons onze of dus nee goed vandaag gisteren eerst twee drie vraag antwoord voorbeeld voor op met \
         bedankt",
    ])
});

/// Topics that aren't people: "fun fact", "step one", "plan B". In lower case, or first of several words.
pub(super) static MATTER: WordSet = LazyLock::new(|| {
    set(&[
        "fact case term terms story version step day plan option lesson line news idea thought part side reason example          year week month scenario upside downside pros cons takeaway challenge priority principle number phase stage          round chapter level word words way place life work job money health sleep time learned learning summary          conclusion advice caveat disclaimer spoiler update reminder exercise task assignment mantra motto quote",
        "fakt fall geschichte schritt tag option lektion seite idee gedanke grund jahr woche monat aufgabe fazit regel          wort ziel wunsch problem vorteil nachteil steg dag idé tanke skäl år vecka månad mål regel",
        "fait cas étape jour idée raison exemple année semaine mois conclusion règle mot but hecho caso paso día idea          razón ejemplo año semana mes conclusión regla palabra meta passo dia ideia razão exemplo ano semana mês          conclusão fatto passo giorno ragione esempio anno settimana mese conclusione regola stap dag reden jaar maand",
    ])
});

/// Words that begin a sentence in German, whose nouns are capitalised like names.
pub(super) static GERMAN: WordSet = LazyLock::new(|| {
    set(&[
        "der die das ein eine mein meine unser unsere dein deine ihr ihre und aber wenn wie was zum zur für mit auf im am \
         zwei drei vier kurz kein keine nächster nächste",
    ])
});

/// People without names: "my husband", "the coach", "second speaker".
pub(super) static PERSON: WordSet = LazyLock::new(|| {
    set(&[
        "husband wife mother father mum mom dad daughter son brother sister friend partner boss manager colleague coach \
         coachee client interviewer interviewee speaker host guest moderator facilitator participant doctor therapist \
         teacher nurse man woman child boy girl voice caller person someone somebody everyone everybody all both people \
         men women kids parents couple team group audience operator agent customer patient student translator \
         interpreter respondent narrator mentor trainer host speakers unknown",
        "mann frau mutter vater mama papa tochter sohn bruder schwester freund freundin chef chefin kollege kollegin \
         klient klientin kunde kundin sprecher sprecherin stimme therapeut therapeutin befragte interviewerin",
        "fru mamma pappa dotter bror syster vän kollega klient röst talare intervjuare",
        "mari femme mère père fille fils frère sœur ami amie collègue cliente voix personne intervenant intervenante",
        "marido mujer esposa esposo madre padre hija hijo hermano hermana amigo amiga jefe jefa colega cliente voz \
         persona mãe pai filha filho irmão irmã chefe pessoa",
        "marito moglie figlia figlio fratello sorella amico amica capo collega voce vrouw moeder vader dochter zoon \
         broer zus vriend vriendin baas klant stem persoon spreker",
    ])
});

/// Labels if they are the only word: people write "Me:", and "I:" for the interviewer.
pub(super) static PRONOUN: WordSet =
    LazyLock::new(|| set(&["i you me we they he she ich du wir sie jag vi moi je toi yo tú eu io ik jij"]));

/// Ordinary words for the two sides of an interview.
pub(super) static SIDES: WordSet = LazyLock::new(|| {
    set(&[
        "question answer frage antwort fråga svar réponse pregunta respuesta pergunta resposta domanda risposta vraag \
         antwoord 问 答 問",
    ])
});

/// Small words within names.
pub(super) static PARTICLE: WordSet = LazyLock::new(|| {
    set(&[
        "de van von der den la le da di du dos das do del della el al bin ibn bint af av zu zum ter ten y e las los het \
         't of abu",
    ])
});

/// What a sentence in Chinese has, and a name doesn't.
pub(super) const CLAUSE_OF_HAN: &[char] = &['我', '你', '您', '他', '她', '是', '就', '这', '這', '那', '吗', '嗎'];
/// Particles that end a clause in Japanese, and verbs of saying that end one in Chinese.
pub(super) const END_OF_CLAUSE: &[char] = &['は', 'が', 'を', '说', '說'];
