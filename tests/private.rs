//! What the program creates on a laptop is inaccessible to other users of the machine.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use debrief::folders;

use crate::support::installation::Installation;

/// An installation with the embedded Postgres, whose user can enter it.
pub(crate) async fn embedded() -> Installation {
    let mut installation = Installation::new().await;
    fs::set_permissions(installation.folder.path(), fs::Permissions::from_mode(0o755)).expect("the folder is ours");
    for name in ["DATABASE_URL", "DATABASE_OWNER_URL"] {
        installation.set(name, "");
    }
    installation
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_made_for_their_user_alone_also_in_one_that_others_may_read() {
    let installation = embedded().await;
    let bucket = installation.folder.path().join("bucket");
    fs::create_dir(&bucket).expect("the folder can be written");
    fs::set_permissions(&bucket, fs::Permissions::from_mode(0o755)).expect("it is ours");
    installation.people().await;
    for folder in ["inbox", "inbox/maya"] {
        assert_eq!(mode(&bucket.join(folder)), 0o700, "{folder}");
    }
    assert_eq!(mode(&bucket), 0o755, "what the operator shares stays so");
    let data = installation.folder.path().join("data");
    // Postgres doesn't run as root: its user passes through, but can't list anything on the way.
    let way = if folders::is_root() { 0o711 } else { 0o700 };
    assert_eq!((mode(&data), mode(&data.join("postgres"))), (way, way));
    for entry in fs::read_dir(data.join("postgres")).expect("it is ours").map(|entry| entry.expect("an entry").path()) {
        let wanted = if entry.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&entry), wanted, "{}", entry.display());
    }
}
