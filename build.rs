//! Tells the tests whether this machine has a browser: without one, those that need it are ignored, and say why.

#[path = "tests/support/chromium.rs"]
mod chromium;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(no_browser)");
    println!("cargo::rerun-if-changed=tests/support/chromium.rs");
    if let Some((browser, driver)) = chromium::find() {
        println!("cargo::rerun-if-changed={}", browser.display());
        println!("cargo::rerun-if-changed={}", driver.display());
    } else {
        println!("cargo::rustc-cfg=no_browser");
        // Where packages put programs: one that is installed later is found by the next build.
        println!("cargo::rerun-if-changed=/usr/bin");
    }
}
