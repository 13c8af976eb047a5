//! What the synthetic body promises.
#![allow(clippy::unwrap_used, missing_docs)]

mod believable;
mod files;
mod laws;

use eclusier_synth::{Body, Size};
use jiff::civil::{Date, date};

pub const END: Date = date(2026, 6, 30);

pub fn office() -> Body {
    Body::new(20_260_630, Size::Office, END)
}

pub fn team() -> Body {
    Body::new(20_260_630, Size::Team, END)
}
