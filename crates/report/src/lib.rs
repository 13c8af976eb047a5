//! Pages for print: one drawing, two files. A page is drawn once, in millimetres,
//! and written as a tagged PDF or as an SVG.

pub mod font;
pub mod page;
pub mod pdf;
pub mod stream;
pub mod svg;
pub mod table;
pub mod words;

pub use page::{Document, Page, Tag};
pub use pdf::{ReportError, pdf};
pub use stream::{StreamSheet, value_stream_page};
pub use svg::svg;
pub use table::{TableSheet, table_pages};
