//! Which mail servers are taken, and what goes to them in clear.

use debrief_jobs::{
    SettingsError,
    mail::{self, Mailer},
};

#[test]
fn settings_that_cannot_be_used_are_named_without_the_password() {
    let open = |url: &str, from: &str| {
        let settings = mail::Settings { url: url.to_owned().into(), from: from.to_owned() };
        Mailer::new(&settings).map_err(|SettingsError { key, problem }| (key, problem))
    };
    let from = "Debrief <debrief@northlight.example>";
    for url in [
        "smtp://localhost",
        "smtps://u:p%40ss@mail.example",
        "smtp://u:p@mail.example?tls=required",
        "file:///m",
        // To this machine a password may go in clear, and to one's own network what has none.
        "smtp://u:p@127.0.0.1:1025?tls=never",
        "smtp://u:p@localhost?tls=offered",
        "smtp://u:p@[::1]?tls=never",
        "smtp://mail:1025?tls=never",
        "smtp://10.0.0.5?tls=never",
    ] {
        assert!(open(url, from).is_ok(), "{url}");
    }
    for url in [
        "",
        "localhost:25",
        "http://x",
        "smtp://u:hush@",
        "smtp://u:hush%4@h",
        "smtp://u:hush@h?tls=maybe",
        "file://m",
        // A password in clear, to another machine.
        "smtp://u:hush@mail.example?tls=never",
        "smtp://u:hush@mail.example?tls=offered",
        "smtp://u:hush@10.0.0.5?tls=never",
        "smtp://u:hush@10.0.0.5?tls=offered",
        "smtp://u:hush@mail:1025?tls=never",
        "smtp://u:hush@relay.lan?tls=offered",
        // Which resolvers ask others about.
        "smtp://u:hush@mail.localhost?tls=never",
    ] {
        let Err((key, problem)) = open(url, from) else { panic!("{url} is taken") };
        assert_eq!(key, "mail.url", "{url}");
        assert!(!problem.contains("hush"), "{problem}");
    }
    assert!(matches!(open("file:///m", "Debrief"), Err((key, _)) if key == "mail.from"));
}

#[test]
fn no_mail_goes_in_clear_over_networks_of_others() {
    for (url, in_clear) in [
        ("smtp://mail.example", false),
        ("smtp://134744072:25", false),
        ("smtps://mail.example", false),
        ("smtp://u:p@mail.example", false),
        ("smtp://u:p@mail:1025", false),
        ("smtp://localhost", false),
        ("smtp://127.0.0.1:1025?tls=never", false),
        ("file:///m", false),
        // Where somebody said so, and in a network of one's own: `debrief doctor` tells.
        ("smtp://mail.example?tls=never", true),
        ("smtp://mail.example?tls=offered", true),
        ("smtp://mail:1025", true),
        ("smtp://10.0.0.5", true),
    ] {
        let settings = mail::Settings { url: url.to_owned().into(), from: "debrief@northlight.example".into() };
        assert_eq!(Mailer::new(&settings).expect(url).may_go_in_clear(), in_clear, "{url}");
    }
}
