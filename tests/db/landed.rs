//! A migration that an installation may have run is never changed: Postgres would be left as the old text made it, and the
//! next start would refuse to migrate.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use sha2::{Digest, Sha256};

/// Of each migration its checksum, as `sha256sum migrations/*.sql` writes it.
const FIXTURE: &str = "fixtures/migrations.sha256";

/// With `UPDATE_FIXTURES=1` what is new is added, and what is there stays: a line is taken out by hand, and only if no
/// installation ran its migration.
#[test]
fn migrations_stay_as_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let held = fs::read_to_string(root.join(FIXTURE)).unwrap_or_default();
    let mut held: BTreeMap<&str, &str> =
        held.lines().filter_map(|line| line.split_once("  ")).map(|(sum, file)| (file, sum)).collect();
    let files = files(root);
    for (file, sum) in &held {
        let now = files.get(*file).map(String::as_str);
        assert_eq!(now, Some(*sum), "{file} was changed or removed although it is out: write a new migration instead");
    }
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        held.extend(files.iter().map(|(file, sum)| (file.as_str(), sum.as_str())));
        let mut text = String::new();
        for (file, sum) in &held {
            writeln!(text, "{sum}  {file}").expect("memory takes all");
        }
        fs::write(root.join(FIXTURE), text).expect("the list is written");
    }
    let new: Vec<&String> = files.keys().filter(|file| !held.contains_key(file.as_str())).collect();
    assert!(new.is_empty(), "{new:?} aren't in {FIXTURE}: run this test with UPDATE_FIXTURES=1");
}

/// The migrations, by their paths from `root`.
fn files(root: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(root.join("migrations")).expect("there are migrations");
    let names = entries.map(|entry| entry.expect("the folder is read").file_name().to_string_lossy().into_owned());
    names
        .map(|name| format!("migrations/{name}"))
        .map(|file| {
            let bytes = fs::read(root.join(&file)).expect("a migration is read");
            (file, format!("{:x}", Sha256::digest(bytes)))
        })
        .collect()
}
