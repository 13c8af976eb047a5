//! What detection understood of a file, for a person to confirm or correct.

use serde::{Deserialize, Serialize};

use crate::{
    context::Limits,
    finding::{Code, Finding},
    mapping::{DateOrder, Decimal, Encoding, Format, Kind, Mapping},
};

/// What is already known before looking.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// What the person says the file holds.
    pub kind: Option<Kind>,
    /// A saved or typed mapping, complete or not: it always wins over detection.
    pub mapping: Option<Mapping>,
    /// Bounds against hostile files.
    pub limits: Limits,
}

/// What a column seems to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Nothing in the rows looked at.
    Empty,
    /// Names or identifiers.
    Text,
    /// Long, rarely repeated sentences: never kept by default.
    FreeText,
    /// Numbers.
    Number,
    /// Civil days.
    Date,
    /// Instants.
    Instant,
    /// Yes or no.
    Boolean,
    /// National identity numbers.
    Nir,
}

/// One column as understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnPreview {
    /// 1-based position.
    pub position: usize,
    /// Header as delivered.
    pub name: String,
    /// How a mapping names it: its header, or `#n` when the header is empty or repeated.
    pub reference: String,
    /// Role proposed, as on the command line (`case`, `end`, `arrivals`…).
    pub role: Option<String>,
    /// Between 0 and 1.
    pub confidence: f64,
    /// What it seems to hold.
    pub holds: ColumnType,
    /// Share of the rows looked at that are filled.
    pub filled: f64,
    /// Distinct values among the rows looked at.
    pub distinct: u64,
    /// Some values, accents included, identifiers of people masked.
    pub samples: Vec<String>,
    /// Order of its dates.
    pub date_order: Option<DateOrder>,
    /// Decimal mark of its numbers.
    pub decimal: Option<Decimal>,
}

/// One possible answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Value to put in the mapping.
    pub value: String,
    /// French label.
    pub fr: String,
    /// English label.
    pub en: String,
}

/// Something only a person can decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Stable code.
    pub code: Code,
    /// Role or mapping key the answer fills (`case`, `decimal`, `object_type`).
    pub key: String,
    /// Column concerned.
    pub column: Option<String>,
    /// French question.
    pub fr: String,
    /// English question.
    pub en: String,
    /// Answers offered.
    pub answers: Vec<Answer>,
}

/// A type of object of an object-centric log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectType {
    /// Name.
    pub name: String,
    /// Objects of this type.
    pub objects: u64,
    /// Events related to at least one of them.
    pub events: u64,
}

/// What detection understood of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// File name.
    pub name: String,
    /// Format.
    pub format: Format,
    /// What it seems to hold.
    pub kind: Kind,
    /// Encoding of a text file.
    pub encoding: Option<Encoding>,
    /// Separator of a text file.
    pub separator: Option<char>,
    /// Sheet read.
    pub sheet: Option<String>,
    /// Sheets that could be read.
    pub sheets: Vec<String>,
    /// 1-based line of the header.
    pub header_row: Option<u64>,
    /// Columns.
    pub columns: Vec<ColumnPreview>,
    /// First rows as read, identifiers of people and national numbers masked.
    pub rows: Vec<Vec<String>>,
    /// Object types, for object-centric logs.
    pub object_types: Vec<ObjectType>,
    /// What only a person can decide; empty when the file can be imported as it is.
    pub questions: Vec<Question>,
    /// What a person should know before going on.
    pub warnings: Vec<Finding>,
    /// The mapping proposed, complete when there is no question.
    pub mapping: Mapping,
}

impl Preview {
    /// A preview that knows only its name, format and kind.
    pub fn new(name: &str, format: Format, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            format,
            kind,
            encoding: None,
            separator: None,
            sheet: None,
            sheets: Vec::new(),
            header_row: None,
            columns: Vec::new(),
            rows: Vec::new(),
            object_types: Vec::new(),
            questions: Vec::new(),
            warnings: Vec::new(),
            mapping: Mapping { kind, format: Some(format), ..Mapping::default() },
        }
    }
}
