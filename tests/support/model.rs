//! The local model, downloaded to the cache by the program's own code, once for all tests.

use std::{path::PathBuf, sync::OnceLock};

use debrief::{
    folders,
    models::{MINILM, bring},
};

/// The model's folder.
pub(crate) fn folder() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let bring = || {
        let folder = folders::cache().join("models").join(MINILM.name);
        bring(&MINILM, &folder, false).unwrap_or_else(|error| panic!("{error}"));
        folder
    };
    FOLDER.get_or_init(bring).clone()
}
