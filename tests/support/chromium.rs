//! Where this machine has Chromium and its driver. The build script asks too.

use std::path::PathBuf;

/// The browser and its driver; `None` unless both are on the path.
pub(crate) fn find() -> Option<(PathBuf, PathBuf)> {
    Some((on_path(&["chromium", "chromium-browser", "google-chrome"])?, on_path(&["chromedriver"])?))
}

fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
}
