//! Which settings are taken, and what is said of one that is not.

use super::*;

#[test]
fn the_defaults_are_complete_and_fill_in_the_data_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty.toml");
    std::fs::write(&empty, "").expect("a file");
    let config = Config::load(Some(&empty), Path::new("/data")).expect("the defaults hold");
    assert_eq!(config.bucket, "file:///data/bucket");
    assert_eq!(config.mail.url.expose_secret(), "file:///data/mail");
    assert_eq!(config.review.hold_seconds, 600);
}

#[test]
fn a_model_takes_an_address_and_a_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("debrief.toml");
    std::fs::write(&file, "[llm]\nurl = 'http://127.0.0.1:11434/v1'\nmodel = 'qwen3:8b'").expect("a file");
    let llm = Config::load(Some(&file), Path::new("/data")).expect("it can be used").llm;
    assert_eq!((llm.provider.as_str(), llm.model.as_deref()), ("openai", Some("qwen3:8b")));
    std::fs::write(&file, "").expect("a file");
    assert_eq!(Config::load(Some(&file), Path::new("/data")).expect("the defaults").llm.provider, "offline");
}

#[test]
fn a_provider_is_a_section_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("debrief.toml");
    // Domains as the environment has them, and as a file does.
    for domains in ["'northlight.example, north.example'", "['northlight.example', 'north.example']"] {
        let text = format!(
            "[sign_in.providers.acme]\norganization = 'northlight'\nissuer = 'https://id.example'\nclient_id = 'x'\n\
             second_factor = 'provider'\ndomains = {domains}"
        );
        std::fs::write(&file, text).expect("a file");
        let sign_in = Config::load(Some(&file), Path::new("/data")).expect("it can be used").sign_in;
        let acme = &sign_in.providers["acme"];
        assert_eq!(acme.domains, ["northlight.example", "north.example"]);
        assert_eq!(acme.second_factor, sign_in::SecondFactor::Provider);
        assert!(!acme.required && acme.listed.is_none() && sign_in.idle_hours == 12);
    }
    let missing = complaint("[sign_in.providers.acme]\nissuer = 'https://id.example'").expect("it is told");
    assert!(missing.contains("organization"), "{missing}");
    let wrong = complaint(
        "[sign_in.providers.acme]\norganization = 'n'\nissuer = 'https://i.example'\nclient_id = 'x'\nsecond_factor = 'SECRET'",
    );
    assert!(
        wrong.as_deref().is_some_and(|told| told.contains("it isn't one of the values") && !told.contains("SECRET")),
        "{wrong:?}"
    );
}

#[test]
fn a_sender_in_the_quotes_of_a_shell_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("debrief.toml");
    for (written, read) in [
        ("\"Debrief <debrief@example.org>\"", "Debrief <debrief@example.org>"),
        ("\"Debrief, Inc.\" <debrief@example.org>", "\"Debrief, Inc.\" <debrief@example.org>"),
    ] {
        std::fs::write(&file, format!("[mail]\nfrom = '{written}'")).expect("a file");
        assert_eq!(Config::load(Some(&file), Path::new("/data")).expect("it can be used").mail.from, read);
    }
}

/// What is said of a settings file with `text`; `None` if it can be used.
fn complaint(text: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("debrief.toml");
    std::fs::write(&file, text).expect("a file");
    Config::load(Some(&file), Path::new("/data")).err().map(|error| error.to_string())
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    for (text, key) in [
        ("bukket = 'x'", "bukket"),
        ("private_hosts = ['crm.lan', 'http://x']", "private_hosts: an entry is neither a host"),
        ("[http]\nlisten = 'here'", "listen"),
        ("[http]\ncors_origins = ['*']", "every page on the web"),
        ("[http]\ncors_origins = ['app.example.org']", "http.cors_origins"),
        ("[http]\ncors_origins = ['ftp://app.example.org']", "neither http:// nor https://"),
        ("[http]\ncors_origins = ['https://app.example.org/']", "write https://app.example.org"),
        ("[http]\ncors_origins = ['https://App.example.org:443/x']", "write https://app.example.org"),
        ("[queue]\nconcurency = 3", "concurency"),
        ("[ingest]\nmax_byte = 3", "max_byte"),
        ("[queue.schedules]\nexport = 'every day'", "six fields"),
        ("[queue.schedules]\nexprot = 'off'", "did you mean queue.schedules.export?"),
        ("[llm]\ntimeout = 3", "timeout"),
        ("[llm]\non_budget = 'beg'", "on_budget"),
        ("[llm.models.cheap]\nmodell = 'm'", "modell"),
        ("[index]\nembeder = 'hashed'", "embeder"),
        ("[mail]\nurll = ''", "urll"),
        ("[review]\nlink_day = 3", "link_day"),
        ("[review]\nbase_url = 'debrief.example'", "base_url"),
        ("[review]\nbase_url = 'file:///x'", "review.base_url"),
        ("[review]\nbase_url = 'http://debrief.example'", "https://"),
        ("[review]\nbase_url = 'http://93.184.215.14'", "https://"),
        ("[http]\nadmin_listen = '0.0.0.0:8081'", "http.admin_listen"),
        ("[http]\nconnections = 0", "http.connections"),
        ("[log]\nfilter = 'queue=loud'", "log.filter"),
        ("[log]\nformat = 'yaml'", "format"),
        ("database_connections = 1", "database_connections"),
    ] {
        let complaint = complaint(text).unwrap_or_else(|| panic!("{text} is taken"));
        assert!(complaint.contains(key), "{text}: {complaint}");
    }
    for text in [
        DEFAULTS,
        "[review]\nbase_url = 'http://192.168.1.5:8080'",
        "[review]\nbase_url = 'http://debrief:8080'",
        "private_hosts = ['debrief.example']\n[review]\nbase_url = 'http://debrief.example:8080'",
        "[review]\nbase_url = 'https://debrief.example'",
        "[http]\nadmin_listen = '0.0.0.0:8081'\nadmin_anywhere = true",
    ] {
        assert_eq!(complaint(text), None);
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_without_a_value() {
    for (text, told) in [
        ("[llm]\nmodel = 'm'\napi_key = SECRET", "line 3, api_key: "),
        ("[llm]\napi_key = 'SECRET", "line 2, api_key: "),
        ("[llm]\napi_key = \"SECRET\\q\"", "line 2, api_key: "),
        ("[llm]\napi_key = \"\"\"\nSECRET = 1", "line "),
        ("[llm]\napi_key SECRET", "line 2: "),
        ("[llm]\napi_key = SECRET SECRET", "line 2, api_key: "),
        ("[llm]\napi_key = 'x' SECRET", "line 2, api_key: "),
        ("[llm]\napi_key = 1SECRET", "line 2, api_key: "),
        ("[llm]\napi_key = ['SECRET']", "llm.api_key: "),
        ("[llm]\napi_key = 99999999999999999999", ""),
        ("[llm]\n\ntimeout_seconds = 'SECRET'", "llm.timeout_seconds: it is a text"),
        ("[llm]\n\ntimeout_seconds = 'SECRET'", "debrief.toml, line 3)"),
        ("[llm]\non_budget = 'SECRET'", "llm.on_budget: it isn't one of"),
        ("[http]\nlisten = 'SECRET'", "http.listen: "),
        ("[http]\nlisten = 'SECRET'", "debrief.toml, line 2)"),
        ("[review]\nbase_url = 'SECRET'", "review.base_url: "),
        ("[review]\nbase_url = 'https://SECRET:99999999'", "review.base_url: "),
        ("[review]\nbase_url = 'https://u:SECRET@debrief.example'", "review.base_url: it contains a user"),
        ("[review]\nbase_url = 'ftp://u:SECRET@debrief.example'", "review.base_url: "),
        ("[log]\nfilter = 'queue=SECRET'", "log.filter: "),
        ("[log]\nfilter = 'queue[SECRET'", "log.filter: "),
        ("[log]\nformat = 'SECRET'", "log.format: "),
        ("[queue.schedules]\nexport = 'SECRET'", "queue.schedules: "),
    ] {
        let complaint = complaint(text).unwrap_or_else(|| panic!("{text} is taken"));
        assert!(complaint.contains(told) && !complaint.contains("SECRET"), "{text}: {complaint}");
    }
}

#[test]
fn links_lead_to_where_the_pages_listen_unless_another_address_is_set() {
    let base_url = |text: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("debrief.toml");
        std::fs::write(&file, text).expect("a file");
        Config::load(Some(&file), Path::new("/data")).expect("it can be used").review.base_url.to_string()
    };
    assert_eq!(base_url(""), "http://127.0.0.1:8080/");
    assert_eq!(base_url("[http]\nlisten = '127.0.0.1:9090'"), "http://127.0.0.1:9090/");
    assert_eq!(base_url("[http]\nlisten = '0.0.0.0:9090'"), "http://127.0.0.1:9090/");
    assert_eq!(
        base_url("[http]\nlisten = '127.0.0.1:9090'\n[review]\nbase_url = 'https://debrief.example'"),
        "https://debrief.example/"
    );
}

/// A struct of settings names its fields to who offers it none: so no key is in the code and not in the manual.
#[test]
fn the_manual_names_every_key() {
    for (section, keys) in keys::sections() {
        assert!(!keys.is_empty(), "[{section}] has fields");
        let section = match section {
            "" => String::new(),
            // A model's keys are those of the section above.
            "llm.models.*" => "[llm]".to_owned(),
            "sign_in.providers.*" => "[sign_in.providers]".to_owned(),
            section => format!("[{section}]"),
        };
        let from = DEFAULTS.find(&format!("\n{section}")).expect("the section is there");
        let text = &DEFAULTS[from + 1 + section.len()..];
        // Up to the next section; `[queue.schedules]` belongs to its parent.
        let text = text
            .split("\n[")
            .enumerate()
            .take_while(|(at, part)| *at == 0 || part.starts_with("queue.") && section == "[queue]");
        let text: String = text.map(|(_, part)| format!("\n{part}")).collect();
        for key in keys {
            let written = ["", "# "].iter().any(|lead| text.contains(&format!("\n{lead}{key} = ")));
            let is_section = DEFAULTS.contains(&format!("\n[{key}]")) || DEFAULTS.contains(&format!(".{key}]"));
            assert!(written || is_section, "{section} {key} is not in default.toml");
        }
    }
}

/// Keys, transcripts and what people search for go to these.
#[test]
fn nothing_goes_to_a_public_host_over_http() {
    let refused = |text: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("debrief.toml");
        std::fs::write(&file, text).expect("a file");
        let config = Config::load(Some(&file), folder.path()).unwrap_or_else(|error| panic!("{text}: {error}"));
        let problems = [
            llm::Models::new(&config.llm).err(),
            embed::Embedder::new(&config.index).err(),
            bucket::Bucket::open(&config.services().bucket).err(),
        ];
        problems.into_iter().flatten().map(|error| error.to_string()).collect::<Vec<_>>().join(" ")
    };
    let kinds = [
        ("llm.url", "[llm]\nurl = 'URL'\nmodel = 'm'"),
        ("llm.models.second.url", "[llm.models.second]\nprovider = 'openai'\nurl = 'URL'\nmodel = 'm'"),
        ("index.url", "[index]\nembedder = 'openai'\nurl = 'URL'\nmodel = 'm'\ndimensions = 3"),
        ("bucket.url", "bucket = 's3://b?endpoint=URL&region=eu-north-1&anonymous=true'"),
    ];
    for (key, setting) in kinds {
        for url in ["http://api.example.org/v1", "http://93.184.215.14", "http://134744072", "http://[2600::1]:9000"] {
            let told = refused(&setting.replace("URL", url));
            assert!(told.contains(key) && told.contains("https://"), "{key} {url}: {told}");
        }
        for url in
            ["https://api.example.org/v1", "http://127.0.0.1:1234/v1", "http://ollama:11434", "http://10.0.0.7:9000"]
        {
            assert_eq!(refused(&setting.replace("URL", url)), "", "{key} {url}");
        }
        // Where the operator says that it's their own network.
        for (url, told) in [
            ("http://llm.example.org/v1", ""),
            ("http://203.0.113.7:9000", ""),
            ("http://api.example.org/v1", "private_hosts"),
            ("http://203.0.114.7:9000", "private_hosts"),
        ] {
            let private = "private_hosts = ['llm.example.org', '203.0.113.0/24']\n";
            let said = refused(&format!("{private}{}", setting.replace("URL", url)));
            assert!(said.contains(told) && said.is_empty() == told.is_empty(), "{key} {url}: {said}");
        }
    }
}
