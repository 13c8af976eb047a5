//! The value stream sheet.

use eclusier_core::lang::Lang;
use eclusier_report::{pdf, svg, value_stream_page};

use crate::samples::{strange, usual};

/// Writes samples for people to look at, when told where.
#[test]
fn samples_to_look_at() {
    let Some(dir) = std::env::var_os("ECLUSIER_LOOK") else { return };
    let dir = std::path::PathBuf::from(dir);
    for (name, sheet, lang) in [
        ("five", usual(5, true), Lang::Fr),
        ("twelve", usual(12, true), Lang::Fr),
        ("seven", usual(7, false), Lang::En),
        ("one", usual(1, false), Lang::Fr),
        ("none", usual(0, false), Lang::Fr),
        ("strange", strange(), Lang::Fr),
    ] {
        let document = value_stream_page(&sheet, lang);
        for page in &document.pages {
            println!("{name} {:?}", page.outside());
        }
        std::fs::write(dir.join(format!("{name}.pdf")), pdf(&document).unwrap()).unwrap();
        std::fs::write(dir.join(format!("{name}.svg")), svg(&document, 0)).unwrap();
    }
}
