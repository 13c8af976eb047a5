//! Shared public data, when they are there.

use std::io::Read;
use std::path::PathBuf;

/// The text of a shared file (gunzipped when needed), or `None` after saying it is absent.
pub fn text(relative: &str) -> Option<String> {
    let root = std::env::var_os("ECLUSIER_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = root.join("data").join(relative);
    let Ok(bytes) = std::fs::read(&path) else {
        assert!(
            std::env::var("ECLUSIER_REQUIRE_SHARED").as_deref() != Ok("1"),
            "shared file {relative} is absent"
        );
        println!("skipped: no shared data");
        return None;
    };
    if relative.ends_with(".gz") {
        let mut text = String::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        return Some(text);
    }
    Some(String::from_utf8(bytes).unwrap())
}
