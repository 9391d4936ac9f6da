//! Names mentioned in a session, and who they belong to.

use super::*;

fn names(said: &[(usize, &str)], known: &[&str]) -> Vec<String> {
    let known: BTreeSet<String> = known.iter().map(|name| (*name).to_owned()).collect();
    names_of(said, &known.into())
}

fn names_of(said: &[(usize, &str)], known: &KnownNames) -> Vec<String> {
    let labels = said.iter().map(|(label, _)| label + 1).max().unwrap_or(0);
    let said: Vec<Utterance<'_>> = said.iter().map(|(label, text)| Utterance { label: *label, text }).collect();
    let show = |called: &Called| match called {
        Called::Name(name) if name.confidence >= 0.75 => name.name.clone(),
        Called::Name(name) => format!("{}?", name.name),
        Called::Several(one, other) => format!("{one} or {other}"),
        Called::Nothing => "-".to_owned(),
    };
    names_in_speech(labels, &said, known).iter().map(show).collect()
}

#[test]
fn two_people_who_greet_each_other() {
    let said = [(0, "Hi Priya, good to see you."), (1, "Thanks, Maya. Good to be here.")];
    assert_eq!(names(&said, &[]), ["Maya", "Priya"]);
    assert_eq!(names(&[(0, "hi priya how was your week"), (1, "not bad")], &["priya"]), ["-", "priya"]);
    assert_eq!(names(&[(0, "Good morning, I'm Maya."), (1, "Hello.")], &["maya"]), ["Maya", "-"]);
    assert_eq!(names(&[(0, "My name is Zora and I coach."), (1, "Hello.")], &[]), ["Zora", "-"]);
}

#[test]
fn people_say_who_they_are_at_a_telephone_and_when_asked() {
    for (asks, says) in [
        ("Good afternoon.", "It's me, Ted, calling from the car."),
        ("Hello?", "Hi, it's Ted."),
        ("Hello?", "Hello, this is Ted again."),
        ("Hello?", "Ted here, sorry I'm late."),
        ("Hallo?", "Ich bin's, Ted."),
        ("Hallo?", "Hallo, hier Ted."),
        ("Hallo?", "Ted am Apparat."),
        ("Allo ?", "C'est moi, Ted."),
        ("¿Sí?", "Soy yo, Ted."),
        ("Would you say your name, please?", "Ted. I run operations."),
        ("Would you say your name and what you do, for the recording, please.", "Ted Blackwood. I run operations."),
        ("Wie ist Ihr Name, bitte?", "Ted Blackwood, ich leite das Lager."),
        ("Who am I speaking to?", "Sure, Ted."),
    ] {
        let known = KnownNames {
            given: ["ted".to_owned()].into(),
            surnames: [("blackwood".to_owned(), "ted".to_owned())].into(),
        };
        assert_eq!(names_of(&[(0, asks), (1, says)], &known), ["-", "Ted"], "{says}");
    }
    for said in [
        [(0, "What is on your mind?"), (1, "It's Ted. He never answers.")],
        [(0, "What is on your mind?"), (1, "This is Ted, in the picture.")],
        [(0, "What is your boss called, and his name?"), (1, "Ted calling me lazy, that is what I heard.")],
    ] {
        assert_eq!(names(&said, &["ted"])[1], "-", "{said:?}");
    }
}

#[test]
fn people_who_are_spoken_of_are_not_named() {
    for said in [
        [(0, "I talked to Tom about it, and Tom, Anna and I agree."), (1, "Thanks to Tom we are done.")],
        [(0, "Hi everyone. Good morning all."), (1, "I'm sure. Thanks for that. I'm German, by the way.")],
        [(0, "Tom thinks so."), (1, "I saw Tom.")],
        [(0, "She said, \"Tom, I never worry about you. Thanks, Tom.\" And that was it."), (1, "His name is Tom.")],
    ] {
        assert_eq!(names(&said, &["tom", "anna"]), ["-", "-"], "{said:?}");
    }
}

#[test]
fn two_names_of_one_label_are_told() {
    let said = [(0, "Hi Priya, hi Tom."), (1, "Hello."), (0, "Thanks, Tom. Thanks, Priya."), (1, "Bye.")];
    assert_eq!(names(&said, &["priya", "tom"])[1], "Priya or Tom");
}

#[test]
fn among_more_than_two_one_time_proves_nothing() {
    let once = [(0, "Hello."), (1, "I'm done."), (0, "Thanks, Priya."), (2, "Fine.")];
    assert_eq!(names(&once, &[]), ["-", "Priya?", "-"]);
    let more = [
        (0, "What do you say, Priya?"),
        (1, "I'm done."),
        (0, "Thanks, Priya."),
        (2, "Fine."),
        (0, "And when, Priya?"),
        (1, "Soon."),
    ];
    assert_eq!(names(&more, &[]), ["-", "Priya", "-"]);
}

#[test]
fn people_are_addressed_by_title_and_surname() {
    let known = KnownNames {
        given: ["maya".to_owned(), "priya".to_owned()].into(),
        surnames: [("okafor".to_owned(), "maya".to_owned()), ("raman".to_owned(), "priya".to_owned())].into(),
    };
    for said in [
        [(0, "Good morning, Mrs. Raman."), (1, "Good morning, Dr. Okafor.")],
        [(0, "Guten Morgen, Frau Raman."), (1, "Guten Tag Frau Doktor Okafor.")],
        [(0, "Bonjour Madame Raman, asseyez-vous."), (1, "Merci, docteur Okafor.")],
        [(0, "Buenos días, señora Raman."), (1, "Hola, doctora Okafor.")],
        [(0, "Hi Priya."), (1, "Thanks, Dr Okafor.")],
    ] {
        let found = names_of(&said, &known);
        // A question mark: a family shares a surname, so it is a suggestion.
        assert!(found[0].ends_with("Okafor?"), "{said:?}: {found:?}");
        assert!(found[1].ends_with("Raman?") || found[1] == "Priya", "{said:?}: {found:?}");
    }
    // Somebody who is mentioned; a title without a name; a surname that several people have.
    for said in [
        [(0, "I saw Dr. Okafor last week."), (1, "My letter went to Mrs. Raman.")],
        [(0, "Hello, doctor."), (1, "Thank you, Mr. Becker's office called.")],
    ] {
        assert_eq!(names_of(&said, &known), ["-", "-"], "{said:?}");
    }
}

#[test]
fn other_languages_introduce_and_address_too() {
    for said in [
        [(0, "Hallo Priya, schön dich zu sehen."), (1, "Hallo, ich bin Priya. Danke, Maya.")],
        [(0, "Bonjour Priya, comment ça va ?"), (1, "Merci Maya. Je m'appelle Priya.")],
        [(0, "Hola Priya, ¿cómo estás?"), (1, "Gracias, Maya. Me llamo Priya.")],
        [(0, "Olá Priya, tudo bem?"), (1, "Obrigada, Maya.")],
        [(0, "Ciao Priya, come stai?"), (1, "Grazie mille, Maya. Mi chiamo Priya.")],
        [(0, "Hoi Priya, hoe gaat het?"), (1, "Dank je wel, Maya. Ik heet Priya.")],
    ] {
        assert_eq!(names(&said, &["priya", "maya"]), ["Maya", "Priya"], "{said:?}");
    }
    // Nouns are capitalised, and people are mentioned.
    for said in [
        [(0, "Guten Morgen Leute, vielen Dank Kollegen."), (1, "Danke an Priya. Ich bin Tom begegnet.")],
        [(0, "Merci pour Priya, c'est Tom qui l'a dit."), (1, "Je suis Lyonnais.")],
        [(0, "Gracias a todos, soy Madrileño."), (1, "Hablé con Priya.")],
    ] {
        assert_eq!(names(&said, &["priya", "tom"]), ["-", "-"], "{said:?}");
    }
}
