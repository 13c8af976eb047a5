//! The value stream sheet.

use eclusier_core::lang::Lang;
use eclusier_report::{pdf, svg, value_stream_page};

use crate::samples::usual;

/// Writes samples for people to look at, when told where.
#[test]
fn samples_to_look_at() {
    let Some(dir) = std::env::var_os("ECLUSIER_LOOK") else { return };
    let dir = std::path::PathBuf::from(dir);
    for (name, n, target, lang) in [
        ("five", 5, true, Lang::Fr),
        ("twelve", 12, true, Lang::Fr),
        ("seven", 7, false, Lang::En),
        ("one", 1, false, Lang::Fr),
    ] {
        let document = value_stream_page(&usual(n, target), lang);
        for page in &document.pages {
            println!("{name} {:?}", page.outside());
        }
        std::fs::write(dir.join(format!("{name}.pdf")), pdf(&document).unwrap()).unwrap();
        std::fs::write(dir.join(format!("{name}.svg")), svg(&document, 0)).unwrap();
    }
}
