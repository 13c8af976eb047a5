//! What each column means: proposed by detection, corrected by a person, saved
//! as a named TOML file and used again by the inbox and the command line.
//!
//! A column is named as in the header, byte for byte but for spaces around it;
//! `#3` names the third column whatever its header, for files whose header
//! repeats a name or has none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{error::IngestError, finding::Code};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One row per event or task.
    #[default]
    Events,
    /// Daily counts: arrivals, outputs, stock.
    Counts,
    /// Calls, visits, messages.
    Contacts,
    /// People of the body, their units and contract shares.
    Staff,
}

impl Kind {
    /// Stable name, as on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Events => "events",
            Kind::Counts => "counts",
            Kind::Contacts => "contacts",
            Kind::Staff => "staff",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "events" => Ok(Kind::Events),
            "counts" => Ok(Kind::Counts),
            "contacts" => Ok(Kind::Contacts),
            "staff" => Ok(Kind::Staff),
            other => Err(format!("{other:?} is not events, counts, contacts or staff")),
        }
    }
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Separated text in any disguise.
    Csv,
    /// Office Open XML spreadsheet (also `.xlsm`: macros are never run).
    Xlsx,
    /// OpenDocument spreadsheet.
    Ods,
    /// IEEE 1849 event log.
    Xes,
    /// Object-centric log, JSON (2.0, and 1.0 as `jsonocel`).
    OcelJson,
    /// Object-centric log, XML.
    OcelXml,
    /// Object-centric log, SQLite.
    OcelSqlite,
    /// Parquet.
    Parquet,
}

impl Format {
    /// Whether the file is a table of cells (with a header), rather than a log with its own roles.
    pub fn is_table(self) -> bool {
        matches!(self, Format::Csv | Format::Xlsx | Format::Ods)
    }

    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Ods => "ods",
            Format::Xes => "xes",
            Format::OcelJson => "ocel_json",
            Format::OcelXml => "ocel_xml",
            Format::OcelSqlite => "ocel_sqlite",
            Format::Parquet => "parquet",
        }
    }
}

/// Encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without byte-order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows-1252; ISO-8859-1 is read as this.
    #[serde(rename = "windows-1252", alias = "iso-8859-1", alias = "latin-1")]
    Windows1252,
    /// UTF-16, low byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
}

/// Order of day, month and year in dates made of three numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// Day, month, year: the only order read without being told when the year comes last.
    Dmy,
    /// Year, month, day (ISO and its variants).
    Ymd,
    /// Month, day, year: never guessed, only when a person says so.
    Mdy,
    /// Day numbers of a spreadsheet, 1900 system (with its false 29 February 1900).
    #[serde(rename = "serial_1900")]
    Serial1900,
    /// Day numbers of a spreadsheet, 1904 system.
    #[serde(rename = "serial_1904")]
    Serial1904,
}

/// Decimal mark of the numbers of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimal {
    /// `1 234,5` or `1.234,5`.
    Comma,
    /// `1234.5` or `1,234.5`.
    Point,
}

/// Columns of an event table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventColumns {
    /// Case identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Activity name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
    /// Instant of the event; the end of the task when there is a start.
    #[serde(skip_serializing_if = "Option::is_none", alias = "end", alias = "timestamp")]
    pub time: Option<String>,
    /// Start of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Person or machine; replaced by a pseudonym at the door.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Lifecycle transition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<String>,
    /// Organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// Unit (service, team).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Columns kept as attributes, under their own names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<String>,
}

/// Columns of a table of daily counts. Wide: one column per measure. Long: `kind`
/// names the measure of the row and `value` holds it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CountColumns {
    /// Civil day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Product (type of work).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// Channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Items received.
    #[serde(skip_serializing_if = "Option::is_none", alias = "in")]
    pub arrivals: Option<String>,
    /// Items settled by a person, or all outputs when they are not split.
    #[serde(skip_serializing_if = "Option::is_none", alias = "out")]
    pub settled_human: Option<String>,
    /// Items settled without human action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_auto: Option<String>,
    /// Items cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<String>,
    /// Items sent to another body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transferred: Option<String>,
    /// Items reopened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reopened: Option<String>,
    /// Signed corrections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrections: Option<String>,
    /// Stock at the end of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<String>,
    /// Long form: column naming the measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Long form: column holding the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Long form: words of the `kind` column and the measure they mean (`Entrées = "arrivals"`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<String, String>,
}

/// Columns of a staff list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StaffColumns {
    /// Identifier of the person; replaced by the same pseudonym as in logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// Unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Contract share (1 = full time).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fte: Option<String>,
    /// First day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Skills, separated by commas or semicolons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skills: Option<String>,
    /// Given name, kept when named here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// Family name, kept when named here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Address, kept when named here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether columns of names that are recognised are kept too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub names: bool,
}

/// Values given to every row of a file that does not carry them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Constants {
    /// Organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// Unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

/// How to read a file. Absent values are detected.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// What the file holds.
    pub kind: Kind,
    /// Name of the source: deliveries of one source replace or follow each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Format, when detection must be overruled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Encoding of a text file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Separator of a text file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<char>,
    /// Sheet of a spreadsheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// 1-based line of the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u64>,
    /// Order of the numbers of a date, for every date column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// First two-digit year read as 19xx (50: `49` is 2049, `50` is 1950).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_pivot: Option<u8>,
    /// Decimal mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<Decimal>,
    /// Zone of instants without offset (IANA), when it is not the body's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Object type an object-centric log is flattened on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_type: Option<String>,
    /// Activities left out (artificial `Start` and `End` rows).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore_activities: Vec<String>,
    /// Columns of an event table.
    pub columns: EventColumns,
    /// Columns of a table of counts.
    pub counts: CountColumns,
    /// Columns of a staff list.
    pub staff: StaffColumns,
    /// Values given to every row.
    pub constants: Constants,
}

impl Mapping {
    /// Reads a saved mapping; an unknown key is refused with its line.
    pub fn from_toml(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The mapping as the application saves it.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }

    /// Reads `--column case=Dossier,activity=Étape,end=Fin`. A comma that is not
    /// followed by a known role and `=` belongs to the column name before it.
    pub fn from_column_args(text: &str) -> Result<Self, IngestError> {
        let mut mapping = Mapping::default();
        let mut parts: Vec<(String, String)> = Vec::new();
        for piece in text.split(',') {
            match piece.split_once('=') {
                Some((role, column)) if ROLES.contains(&role.trim()) => {
                    parts.push((role.trim().to_owned(), column.to_owned()));
                }
                _ => match parts.last_mut() {
                    Some((_, column)) => {
                        column.push(',');
                        column.push_str(piece);
                    }
                    None => return Err(unknown_role(piece)),
                },
            }
        }
        // A piece like `foo=Bar` is a misspelt role, not the end of a column name.
        for (_, column) in &parts {
            if let Some((_, tail)) = column.rsplit_once(',')
                && let Some((role, _)) = tail.split_once('=')
                && role.trim().chars().all(|c| c.is_ascii_lowercase() || c == '_')
            {
                return Err(unknown_role(tail));
            }
        }
        for (role, column) in parts {
            let column = column.trim().to_owned();
            if column.is_empty() {
                return Err(unknown_role(&format!("{role}=")));
            }
            mapping.set_role(&role, column);
        }
        Ok(mapping)
    }

    /// Gives a column to a role named as on the command line; roles shared by
    /// events, counts and staff are set for all. Unknown roles change nothing.
    pub fn set_role(&mut self, role: &str, column: String) {
        let (events, counts, staff) = (&mut self.columns, &mut self.counts, &mut self.staff);
        let column = Some(column);
        match role {
            "case" => events.case = column,
            "activity" => events.activity = column,
            "time" | "end" | "timestamp" => events.time = column,
            "start" => events.start = column,
            "resource" => {
                staff.person.clone_from(&column);
                events.resource = column;
            }
            "person" => {
                events.resource.clone_from(&column);
                staff.person = column;
            }
            "lifecycle" => events.lifecycle = column,
            "org" => {
                events.org.clone_from(&column);
                counts.org.clone_from(&column);
                staff.org = column;
            }
            "unit" => {
                events.unit.clone_from(&column);
                counts.unit.clone_from(&column);
                staff.unit = column;
            }
            "product" | "type" => {
                events.product.clone_from(&column);
                counts.product = column;
            }
            "channel" => {
                events.channel.clone_from(&column);
                counts.channel = column;
            }
            "attribute" | "attributes" => events.attributes.extend(column),
            "date" => counts.date = column,
            "arrivals" | "in" => counts.arrivals = column,
            "settled_human" | "out" | "settled" => counts.settled_human = column,
            "settled_auto" => counts.settled_auto = column,
            "cancelled" => counts.cancelled = column,
            "transferred" => counts.transferred = column,
            "reopened" => counts.reopened = column,
            "corrections" => counts.corrections = column,
            "stock" => counts.stock = column,
            "kind" => counts.kind = column,
            "value" => counts.value = column,
            "fte" => staff.fte = column,
            "from" => staff.from = column,
            "to" => staff.to = column,
            "skills" => staff.skills = column,
            "given" => staff.given = column,
            "family" => staff.family = column,
            "email" => staff.email = column,
            _ => {}
        }
    }

    /// What is said here, else what `detected` says: a person's word always wins.
    ///
    /// When any event (count, staff) column is named here, the optional columns
    /// that detection found still apply, except where the same column is named.
    pub fn or(self, detected: &Mapping) -> Mapping {
        let detected = detected.clone();
        let c = self.columns;
        let d = detected.columns;
        // A column a person gave to one role is not used for another by detection.
        let named: Vec<String> = [
            &c.case,
            &c.activity,
            &c.time,
            &c.start,
            &c.resource,
            &c.lifecycle,
            &c.org,
            &c.unit,
            &c.product,
            &c.channel,
        ]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
        let free = |own: Option<String>, found: Option<String>| {
            own.or_else(|| found.filter(|f| !named.contains(f)))
        };
        // A single timestamp named by a person means there is no start to guess.
        let start = if c.time.is_some() && c.start.is_none() { None } else { d.start };
        let columns = EventColumns {
            case: free(c.case, d.case),
            activity: free(c.activity, d.activity),
            time: free(c.time, d.time),
            start: free(c.start, start),
            resource: free(c.resource, d.resource),
            lifecycle: free(c.lifecycle, d.lifecycle),
            org: free(c.org, d.org),
            unit: free(c.unit, d.unit),
            product: free(c.product, d.product),
            channel: free(c.channel, d.channel),
            attributes: if c.attributes.is_empty() { d.attributes } else { c.attributes },
        };
        let counts = if self.counts == CountColumns::default() {
            detected.counts
        } else {
            let (c, d) = (self.counts, detected.counts);
            CountColumns {
                date: c.date.or(d.date),
                product: c.product.or(d.product),
                unit: c.unit.or(d.unit),
                org: c.org.or(d.org),
                channel: c.channel.or(d.channel),
                arrivals: c.arrivals.or(d.arrivals),
                settled_human: c.settled_human.or(d.settled_human),
                settled_auto: c.settled_auto.or(d.settled_auto),
                cancelled: c.cancelled.or(d.cancelled),
                transferred: c.transferred.or(d.transferred),
                reopened: c.reopened.or(d.reopened),
                corrections: c.corrections.or(d.corrections),
                stock: c.stock.or(d.stock),
                kind: c.kind.or(d.kind),
                value: c.value.or(d.value),
                kinds: if c.kinds.is_empty() { d.kinds } else { c.kinds },
            }
        };
        let (s, d) = (self.staff, detected.staff);
        let staff = StaffColumns {
            person: s.person.or(d.person),
            org: s.org.or(d.org),
            unit: s.unit.or(d.unit),
            fte: s.fte.or(d.fte),
            from: s.from.or(d.from),
            to: s.to.or(d.to),
            skills: s.skills.or(d.skills),
            given: s.given.or(d.given),
            family: s.family.or(d.family),
            email: s.email.or(d.email),
            names: s.names || d.names,
        };
        Mapping {
            kind: self.kind,
            source: self.source.or(detected.source),
            format: self.format.or(detected.format),
            encoding: self.encoding.or(detected.encoding),
            separator: self.separator.or(detected.separator),
            sheet: self.sheet.or(detected.sheet),
            header_row: self.header_row.or(detected.header_row),
            date_order: self.date_order.or(detected.date_order),
            date_pivot: self.date_pivot.or(detected.date_pivot),
            decimal: self.decimal.or(detected.decimal),
            zone: self.zone.or(detected.zone),
            object_type: self.object_type.or(detected.object_type),
            ignore_activities: if self.ignore_activities.is_empty() {
                detected.ignore_activities
            } else {
                self.ignore_activities
            },
            columns,
            counts,
            staff,
            constants: self.constants,
        }
    }
}

/// Roles understood by [`Mapping::from_column_args`].
pub const ROLES: &[&str] = &[
    "case",
    "activity",
    "time",
    "end",
    "timestamp",
    "start",
    "resource",
    "person",
    "lifecycle",
    "org",
    "unit",
    "product",
    "type",
    "channel",
    "attribute",
    "attributes",
    "date",
    "arrivals",
    "in",
    "settled_human",
    "out",
    "settled",
    "settled_auto",
    "cancelled",
    "transferred",
    "reopened",
    "corrections",
    "stock",
    "kind",
    "value",
    "fte",
    "from",
    "to",
    "skills",
    "given",
    "family",
    "email",
];

fn unknown_role(piece: &str) -> IngestError {
    IngestError::refused(
        "--column",
        Code::RoleNotFound,
        None,
        format!(
            "« {piece} » n’est pas de la forme rôle=colonne ; rôles connus : {}",
            ROLES.join(", ")
        ),
        format!("{piece:?} is not role=column; known roles: {}", ROLES.join(", ")),
    )
}

/// Index of the column a mapping names, by header (spaces around it ignored) or `#n`.
///
/// A name that two columns carry is refused, with both positions, since only a
/// person knows which one is meant.
pub fn find_column(file: &str, header: &[String], name: &str) -> Result<usize, IngestError> {
    let trimmed = name.trim();
    let mut found =
        header.iter().enumerate().filter(|(_, h)| h.as_str() == name || h.trim() == trimmed);
    if let Some((first, _)) = found.next() {
        if let Some((second, _)) = found.next() {
            let (a, b) = (first + 1, second + 1);
            return Err(IngestError::refused(
                file,
                Code::DuplicateHeader,
                None,
                format!(
                    "les colonnes {a} et {b} s’appellent toutes deux « {trimmed} » : renommez-en une, ou désignez-la par #{a} ou #{b}"
                ),
                format!(
                    "columns {a} and {b} are both called {trimmed:?}: rename one, or name it #{a} or #{b}"
                ),
            ));
        }
        return Ok(first);
    }
    if let Some(n) = trimmed.strip_prefix('#').and_then(|n| n.parse::<usize>().ok())
        && n >= 1
        && n <= header.len()
    {
        return Ok(n - 1);
    }
    let list = header.iter().take(60).map(|h| h.trim()).collect::<Vec<_>>().join(" | ");
    Err(IngestError::refused(
        file,
        Code::ColumnNotFound,
        None,
        format!("la colonne « {trimmed} » est absente ; colonnes du fichier : {list}"),
        format!("column {trimmed:?} is absent; columns of the file: {list}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_survives_its_toml() {
        let mut mapping =
            Mapping::from_column_args("case=N° dossier,activity=Étape, bis,end=Fin,start=Début")
                .unwrap_or_else(|e| panic!("{e}"));
        mapping.separator = Some('\t');
        mapping.encoding = Some(Encoding::Windows1252);
        mapping.date_order = Some(DateOrder::Serial1904);
        let text = mapping.to_toml().unwrap_or_default();
        assert_eq!(Mapping::from_toml(&text).ok(), Some(mapping.clone()), "{text}");
        assert_eq!(mapping.columns.activity.as_deref(), Some("Étape, bis"));
        assert!(Mapping::from_toml("separater = \";\"").is_err());
    }

    #[test]
    fn a_misspelt_role_is_refused() {
        assert!(Mapping::from_column_args("dossier=A").is_err());
        assert!(Mapping::from_column_args("case=A,activty=B").is_err());
        assert!(Mapping::from_column_args("case=").is_err());
    }

    #[test]
    fn a_name_worn_by_two_columns_is_refused_with_both() {
        let header: Vec<String> = ["A", "B", "A "].map(String::from).to_vec();
        let message = match find_column("f.csv", &header, "A") {
            Err(IngestError::Refused { code: Code::DuplicateHeader, fr, .. }) => fr,
            other => panic!("{other:?}"),
        };
        assert!(message.contains("1 et 3"), "{message}");
        assert_eq!(find_column("f.csv", &header, "#3").ok(), Some(2));
        assert_eq!(find_column("f.csv", &header, "B").ok(), Some(1));
        assert!(find_column("f.csv", &header, "#4").is_err());
    }
}
