//! Findings: what a person should know about a delivery, with file, line and column.

use std::collections::BTreeMap;

use eclusier_core::Lang;
use serde::{Deserialize, Serialize};

/// Stable code of a finding (`snake_case` in JSON). Add a variant rather than reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // each name says it; the words are in the message
pub enum Code {
    // rows sent to quarantine
    MissingCase,
    MissingActivity,
    MissingTime,
    BadDate,
    BadNumber,
    AmbiguousNumber,
    MixedDates,
    DamagedIdentifier,
    ColumnCount,
    BadEncoding,
    EndBeforeStart,
    UnknownCode,
    NegativeCount,
    ConflictingStock,
    MissingPerson,
    UnknownPerson,
    UnknownUnit,
    OutOfReach,
    Contradiction,
    // things kept, but said
    RepeatedRows,
    UncertainOrder,
    DateOnly,
    LookAlikeNames,
    StrayWhitespace,
    NirReplaced,
    FreeTextIgnored,
    LoneComplete,
    LoneStart,
    ScheduleRows,
    OtherTransition,
    OcelFlattened,
    OutputsNotSplit,
    DerivedOpening,
    TotalsRowSkipped,
    TitleRowSkipped,
    HiddenSheetSkipped,
    HiddenColumnSkipped,
    HiddenRowsRead,
    ColumnIgnored,
    SplitAssumed,
    ExampleRowsSkipped,
    SpreadsheetError,
    DuplicateDelivery,
    SuspectDate,
    WholeFileInMemory,
    ClockChange,
    Restated,
    ArtificialRows,
    UnnamedCase,
    EmptyCase,
    // whole file refused, or a question
    EmptyFile,
    HeaderOnly,
    DuplicateHeader,
    UnknownFormat,
    Truncated,
    TooExpanded,
    XmlEntity,
    NirRefused,
    ColumnNotFound,
    RoleNotFound,
    AmbiguousDates,
    ChooseObjectType,
    ChooseSheet,
    ChooseColumn,
    TooManyRefused,
    Malformed,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// 1-based line (row in a spreadsheet, event in a log); absent when it concerns the whole.
    pub line: Option<u64>,
    /// Column name or attribute.
    pub column: Option<String>,
    /// Stable code.
    pub code: Code,
    /// How many rows it concerns.
    pub count: u64,
    /// French message: what, and what to do.
    pub fr: String,
    /// English message.
    pub en: String,
}

impl Finding {
    /// The message in one language.
    pub fn message(&self, lang: Lang) -> &str {
        lang.pick(&self.fr, &self.en)
    }
}

/// Findings gathered while reading: examples are capped, counts are exact.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    examples: Vec<Finding>,
    totals: BTreeMap<(Code, Option<String>), u64>,
}

/// Examples kept per code and column: a million bad rows must not fill the memory.
const EXAMPLES: u64 = 20;

impl Findings {
    /// Records one finding; beyond the first examples of its kind only the count grows.
    pub fn add(
        &mut self,
        code: Code,
        line: Option<u64>,
        column: Option<&str>,
        words: impl FnOnce() -> [String; 2],
    ) {
        let total = self.totals.entry((code, column.map(str::to_owned))).or_default();
        *total += 1;
        if *total <= EXAMPLES {
            let [fr, en] = words();
            let column = column.map(str::to_owned);
            self.examples.push(Finding { line, column, code, count: 1, fr, en });
        }
    }

    /// Records a finding that concerns `count` rows at once.
    pub fn summary(&mut self, code: Code, count: u64, words: [String; 2]) {
        if count == 0 {
            return;
        }
        let [fr, en] = words;
        self.examples.push(Finding { line: None, column: None, code, count, fr, en });
    }

    /// How many rows one code concerns.
    pub fn count(&self, code: Code) -> u64 {
        self.totals.iter().filter(|((c, _), _)| *c == code).map(|(_, n)| n).sum()
    }

    /// The findings to show, then one line per kind whose examples were cut.
    pub fn finish(self) -> Vec<Finding> {
        let mut findings = self.examples;
        for ((code, column), total) in self.totals {
            if total > EXAMPLES {
                let more = total - EXAMPLES;
                findings.push(Finding {
                    line: None,
                    column,
                    code,
                    count: more,
                    fr: format!("et {more} autres lignes du même genre : voir la quarantaine"),
                    en: format!("and {more} more rows of the same kind: see the quarantine"),
                });
            }
        }
        findings
    }
}
