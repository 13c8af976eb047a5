//! Exports: a typed table written as a spreadsheet, a French CSV or Parquet.
//!
//! Dates are dates and numbers are numbers in every format; a text that a
//! spreadsheet would run as a formula is prefixed; the rows are those of the screen.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use eclusier_core::{Grain, Lang, Permission};
use eclusier_ledger::GroupBy;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};

use crate::{
    App,
    cases::CasesQuery,
    error::{AppError, AppResult},
    figures::{Seen, Selection},
    imports::guard,
};

/// A typed value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Unknown.
    Empty,
    /// Text.
    Text(String),
    /// Whole number.
    Whole(i64),
    /// Number.
    Number(f64),
    /// Share, shown in percent.
    Share(f64),
    /// Civil day.
    Day(Date),
    /// Instant.
    Instant(Timestamp),
}

impl From<Option<i64>> for Cell {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Cell::Empty, Cell::Whole)
    }
}

impl From<Option<&str>> for Cell {
    fn from(value: Option<&str>) -> Self {
        value.map_or(Cell::Empty, |v| Cell::Text(v.to_owned()))
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Cell::Text(value.to_owned())
    }
}

/// A column: its stable name and the two labels.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Stable name, in Parquet and ISO CSV.
    pub name: &'static str,
    /// French label.
    pub fr: &'static str,
    /// English label.
    pub en: &'static str,
    /// What it holds.
    pub holds: Holds,
}

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Text.
    Text,
    /// Whole numbers.
    Whole,
    /// Numbers or shares.
    Number,
    /// Civil days.
    Day,
    /// Instants.
    Instant,
}

/// A table ready to be written.
#[derive(Debug, Clone)]
pub struct Table {
    /// Title, French then English.
    pub title: [String; 2],
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows.
    pub rows: Vec<Vec<Cell>>,
    /// What the figures rest on: label and value, French and English.
    pub notice: Vec<([String; 2], String)>,
    /// Zone in which instants are shown.
    pub zone: TimeZone,
}

/// Format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Spreadsheet with typed cells and a notice.
    Xlsx,
    /// `;`, decimal comma, dd/mm/yyyy, UTF-8 with byte-order mark, CRLF.
    FrenchCsv,
    /// `,`, decimal point, ISO dates.
    IsoCsv,
    /// Parquet.
    Parquet,
}

impl ExportFormat {
    /// By the extension of a file name.
    pub fn from_extension(extension: &str, iso: bool) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "xlsx" => Some(ExportFormat::Xlsx),
            "csv" if iso => Some(ExportFormat::IsoCsv),
            "csv" => Some(ExportFormat::FrenchCsv),
            "parquet" => Some(ExportFormat::Parquet),
            _ => None,
        }
    }

    /// MIME type.
    pub fn mime(self) -> &'static str {
        match self {
            ExportFormat::Xlsx => {
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            }
            ExportFormat::FrenchCsv | ExportFormat::IsoCsv => "text/csv; charset=utf-8",
            ExportFormat::Parquet => "application/vnd.apache.parquet",
        }
    }
}

impl Table {
    /// The bytes of the file.
    pub fn write(&self, format: ExportFormat, lang: Lang) -> AppResult<Vec<u8>> {
        match format {
            ExportFormat::Xlsx => {
                self.xlsx(lang).map_err(|e| AppError::Export { format: "xlsx", why: e.to_string() })
            }
            ExportFormat::FrenchCsv => self.csv(true, lang),
            ExportFormat::IsoCsv => self.csv(false, lang),
            ExportFormat::Parquet => self
                .parquet()
                .map_err(|e| AppError::Export { format: "parquet", why: e.to_string() }),
        }
    }

    fn xlsx(&self, lang: Lang) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let bold = Format::new().set_bold();
        let day = Format::new().set_num_format("dd/mm/yyyy");
        let instant = Format::new().set_num_format("dd/mm/yyyy hh:mm:ss");
        let whole = Format::new().set_num_format("# ##0");
        let number = Format::new().set_num_format("# ##0.0##");
        let share = Format::new().set_num_format("0.0 %");
        let sheet = book.add_worksheet();
        sheet.set_name(lang.pick("Données", "Data"))?;
        sheet.set_freeze_panes(1, 0)?;
        for (x, column) in self.columns.iter().enumerate() {
            let x = u16::try_from(x).unwrap_or(u16::MAX);
            sheet.write_with_format(0, x, lang.pick(column.fr, column.en), &bold)?;
        }
        for (y, row) in self.rows.iter().enumerate() {
            let y = u32::try_from(y + 1).unwrap_or(u32::MAX);
            for (x, cell) in row.iter().enumerate() {
                let x = u16::try_from(x).unwrap_or(u16::MAX);
                match cell {
                    Cell::Empty => {}
                    Cell::Text(text) => {
                        // A cell of type text is never run: no prefix is needed here.
                        sheet.write_string(y, x, text)?;
                    }
                    Cell::Whole(n) => {
                        sheet.write_with_format(y, x, *n as f64, &whole)?;
                    }
                    Cell::Number(n) => {
                        sheet.write_with_format(y, x, *n, &number)?;
                    }
                    Cell::Share(n) => {
                        sheet.write_with_format(y, x, *n, &share)?;
                    }
                    Cell::Day(d) => match excel_day(*d) {
                        Some(value) => {
                            sheet.write_with_format(y, x, &value, &day)?;
                        }
                        None => {
                            sheet.write_string(y, x, d.to_string())?;
                        }
                    },
                    Cell::Instant(at) => {
                        let local = at.to_zoned(self.zone.clone()).datetime();
                        let value = excel_day(local.date()).and_then(|v| {
                            let (h, m) =
                                (u16::try_from(local.hour()), u8::try_from(local.minute()));
                            let s = f64::from(local.second());
                            v.and_hms(h.unwrap_or(0), m.unwrap_or(0), s).ok()
                        });
                        match value {
                            Some(value) => {
                                sheet.write_with_format(y, x, &value, &instant)?;
                            }
                            None => {
                                sheet.write_string(y, x, at.to_string())?;
                            }
                        }
                    }
                }
            }
        }
        sheet.autofit();
        let notice = book.add_worksheet();
        notice.set_name(lang.pick("Notice", "Notice"))?;
        notice.write_with_format(0, 0, pick(&self.title, lang), &bold)?;
        for (y, (name, value)) in self.notice.iter().enumerate() {
            let y = u32::try_from(y + 2).unwrap_or(u32::MAX);
            notice.write_with_format(y, 0, pick(name, lang), &bold)?;
            notice.write_string(y, 1, value)?;
        }
        notice.autofit();
        book.save_to_buffer()
    }

    fn csv(&self, french: bool, lang: Lang) -> AppResult<Vec<u8>> {
        let broken = |e: csv::Error| AppError::Export { format: "csv", why: e.to_string() };
        let bytes = if french { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(if french { b';' } else { b',' })
            .terminator(csv::Terminator::CRLF)
            .from_writer(bytes);
        writer
            .write_record(
                self.columns.iter().map(|c| if french { lang.pick(c.fr, c.en) } else { c.name }),
            )
            .map_err(broken)?;
        for row in &self.rows {
            let cells = row.iter().map(|cell| self.shown(cell, french));
            writer.write_record(cells).map_err(broken)?;
        }
        writer.into_inner().map_err(|e| AppError::Export { format: "csv", why: e.to_string() })
    }

    fn shown(&self, cell: &Cell, french: bool) -> String {
        let decimal = |text: String| if french { text.replace('.', ",") } else { text };
        match cell {
            Cell::Empty => String::new(),
            Cell::Text(text) => guard(text).into_owned(),
            Cell::Whole(n) => n.to_string(),
            Cell::Number(n) | Cell::Share(n) => decimal(n.to_string()),
            Cell::Day(d) if french => d.strftime("%d/%m/%Y").to_string(),
            Cell::Day(d) => d.to_string(),
            Cell::Instant(at) if french => {
                at.to_zoned(self.zone.clone()).strftime("%d/%m/%Y %H:%M:%S").to_string()
            }
            Cell::Instant(at) => at.to_string(),
        }
    }

    fn parquet(&self) -> Result<Vec<u8>, parquet::errors::ParquetError> {
        let utc: Option<Arc<str>> = Some("UTC".into());
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|c| {
                let kind = match c.holds {
                    Holds::Text => DataType::Utf8,
                    Holds::Whole => DataType::Int64,
                    Holds::Number => DataType::Float64,
                    Holds::Day => DataType::Date32,
                    Holds::Instant => DataType::Timestamp(TimeUnit::Microsecond, utc.clone()),
                };
                Field::new(c.name, kind, true)
            })
            .collect();
        let arrays: Vec<ArrayRef> = self
            .columns
            .iter()
            .enumerate()
            .map(|(x, column)| self.array(x, column.holds))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), arrays)?;
        let mut bytes = Vec::new();
        let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, schema, None)?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(bytes)
    }

    fn array(&self, x: usize, holds: Holds) -> ArrayRef {
        let cells = self.rows.iter().map(|r| r.get(x).unwrap_or(&Cell::Empty));
        match holds {
            Holds::Text => Arc::new(StringArray::from_iter(cells.map(|c| match c {
                Cell::Empty => None,
                Cell::Text(t) => Some(t.clone()),
                other => Some(self.shown(other, false)),
            }))),
            Holds::Whole => Arc::new(Int64Array::from_iter(cells.map(|c| match c {
                Cell::Whole(n) => Some(*n),
                _ => None,
            }))),
            Holds::Number => Arc::new(Float64Array::from_iter(cells.map(|c| match c {
                Cell::Number(n) | Cell::Share(n) => Some(*n),
                Cell::Whole(n) => Some(*n as f64),
                _ => None,
            }))),
            Holds::Day => Arc::new(Date32Array::from_iter(cells.map(|c| match c {
                Cell::Day(d) => Some(eclusier_calendar::day_number(*d)),
                _ => None,
            }))),
            Holds::Instant => Arc::new(
                TimestampMicrosecondArray::from_iter(cells.map(|c| match c {
                    Cell::Instant(at) => Some(at.as_microsecond()),
                    _ => None,
                }))
                .with_timezone("UTC"),
            ),
        }
    }
}

fn pick(words: &[String; 2], lang: Lang) -> &str {
    lang.pick(&words[0], &words[1])
}

fn excel_day(day: Date) -> Option<ExcelDateTime> {
    let year = u16::try_from(day.year()).ok().filter(|y| *y >= 1900)?;
    let (month, number) = (u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?);
    ExcelDateTime::from_ymd(year, month, number).ok()
}

const fn column(name: &'static str, fr: &'static str, en: &'static str, holds: Holds) -> Column {
    Column { name, fr, en, holds }
}

/// What the screen to export shows beside its selection.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Cases listed.
    pub cases: CasesQuery,
    /// Grain of the ledger; days when absent.
    pub grain: Option<Grain>,
    /// Dimensions of the ledger; none gives its total.
    pub group_by: Vec<GroupBy>,
}

impl App {
    /// The rows of a screen: `stocks`, `ledger`, `indicators`, `cases` or `lead-times`.
    pub async fn table(
        &self,
        what: &str,
        selection: &Selection,
        shown: &Shown,
    ) -> AppResult<Table> {
        self.require(Permission::ExportsWrite)?;
        let needed = match what {
            "cases" | "lead-times" => Permission::CasesRead,
            _ => Permission::FiguresRead,
        };
        let desks = self.desks(needed, selection).await?;
        let zone =
            desks.first().and_then(|d| TimeZone::get(d.zone.name()).ok()).unwrap_or(TimeZone::UTC);
        let words = |fr: &str, en: &str| [fr.to_owned(), en.to_owned()];
        let mut notice = vec![
            (words("Produit par", "Made by"), format!("Éclusier {}", env!("CARGO_PKG_VERSION"))),
            (
                words("Le", "On"),
                self.now().to_zoned(zone.clone()).strftime("%d/%m/%Y %H:%M").to_string(),
            ),
        ];
        for desk in &desks {
            let fresh = desk
                .fresh_at
                .map(|t| t.to_zoned(zone.clone()).strftime("%d/%m/%Y %H:%M").to_string());
            notice.push((words("Processus", "Process"), desk.label.clone()));
            notice.push((words("Données au", "Data as of"), fresh.unwrap_or_default()));
            notice
                .push((words("Version des données", "Data version"), desk.snapshot.id.to_string()));
            let [fr, en] = desk.words.clone();
            notice.push((words("Règle de clôture", "Closing rule (fr)"), fr));
            notice.push((words("Règle de clôture (anglais)", "Closing rule"), en));
        }
        for (name, value) in [("Du / from", selection.from), ("Au / to", selection.to)] {
            if let Some(day) = value {
                notice.push((words(name, name), day.to_string()));
            }
        }
        let (title, columns, rows) = match what {
            "stocks" => self.stock_rows(selection).await?,
            "ledger" => self.ledger_rows(selection, shown).await?,
            "indicators" => self.indicator_rows(selection).await?,
            "cases" => self.case_rows(selection, &shown.cases).await?,
            "lead-times" => lead_time_rows(&desks),
            _ => {
                return Err(AppError::invalid(
                    "what",
                    format!(
                        "« {what} » ne s’exporte pas : écrire stocks, ledger, indicators, cases ou lead-times"
                    ),
                    format!(
                        "“{what}” cannot be exported: write stocks, ledger, indicators, cases or lead-times"
                    ),
                ));
            }
        };
        Ok(Table { title, columns, rows, notice, zone })
    }

    /// The bytes of a table, written off the async threads.
    pub async fn write_table(
        &self,
        table: Table,
        format: ExportFormat,
        lang: Lang,
    ) -> AppResult<Vec<u8>> {
        self.blocking(move || table.write(format, lang)).await
    }

    /// Writes a file whole or not at all.
    pub fn write_file(&self, path: &std::path::Path, bytes: &[u8]) -> AppResult<()> {
        let broken = |source| AppError::Io { what: path.display().to_string(), source };
        let mut draft = path.as_os_str().to_owned();
        draft.push(".part");
        let draft = std::path::PathBuf::from(draft);
        std::fs::write(&draft, bytes).map_err(broken)?;
        std::fs::rename(&draft, path).map_err(broken)
    }

    /// The stocks of the morning screen.
    async fn stock_rows(&self, selection: &Selection) -> AppResult<Rows> {
        let cockpit = self.cockpit(selection).await?;
        let columns = vec![
            column("process", "Processus", "Process", Holds::Text),
            column("label", "Libellé", "Label", Holds::Text),
            column("stock", "Stock", "Stock", Holds::Whole),
            column("stock_actionable", "À traiter chez nous", "In our hands", Holds::Whole),
            column("stock_days", "Jours de stock", "Days of stock", Holds::Number),
            column("oldest_age", "Le plus ancien (jours)", "Oldest (days)", Holds::Number),
            column("overdue", "En retard", "Late", Holds::Whole),
            column("due_soon_5", "Va l’être sous 5 jours", "Late within 5 days", Holds::Whole),
            column("in_time_due", "Dus et traités à temps", "Due and in time", Holds::Number),
            column("age_0_5", "0–5 jours ouvrés", "0–5 worked days", Holds::Whole),
            column("age_6_10", "6–10", "6–10", Holds::Whole),
            column("age_11_15", "11–15", "11–15", Holds::Whole),
            column("age_16_30", "16–30", "16–30", Holds::Whole),
            column("age_over_30", "Plus de 30", "Over 30", Holds::Whole),
            column("health", "Alerte", "Alert", Holds::Text),
            column("why", "Pourquoi", "Why (fr)", Holds::Text),
        ];
        let rows = cockpit.stocks.iter().map(|row| {
            let value = |id: &str| row.figure(id).and_then(|f| f.value);
            let whole = |id: &str| value(id).map_or(Cell::Empty, |v| Cell::Whole(v as i64));
            let number = |id: &str| value(id).map_or(Cell::Empty, Cell::Number);
            let mut cells = vec![
                row.process.as_str().into(),
                row.label.as_str().into(),
                whole("stock"),
                whole("stock_actionable"),
                number("stock_days"),
                number("oldest_age"),
                whole("overdue"),
                whole("due_soon_5"),
                value("in_time_due").map_or(Cell::Empty, Cell::Share),
            ];
            cells
                .extend((0..5).map(|i| Cell::from(row.strata.and_then(|s| s.all.get(i).copied()))));
            cells.extend([row.health.as_str().into(), row.why[0].as_str().into()]);
            cells
        });
        Ok((["Stocks".into(), "Stocks".into()], columns, rows.collect()))
    }

    async fn ledger_rows(&self, selection: &Selection, shown: &Shown) -> AppResult<Rows> {
        let grain = shown.grain.unwrap_or_default();
        let by = shown.group_by.as_slice();
        let ledger = self.ledger(selection, grain, by).await?;
        let mut columns = match grain {
            Grain::Day => vec![column("day", "Jour", "Day", Holds::Day)],
            Grain::Week | Grain::Month => vec![
                column("period", "Période", "Period", Holds::Text),
                column("from", "Du", "From", Holds::Day),
                column("to", "Au", "To", Holds::Day),
            ],
        };
        columns.extend(by.iter().map(|g| match g {
            GroupBy::Org => column("org", "Organisme", "Organisation", Holds::Text),
            GroupBy::Unit => column("unit", "Service", "Unit", Holds::Text),
            GroupBy::Process => column("process", "Processus", "Process", Holds::Text),
            GroupBy::Product => column("product", "Prestation", "Product", Holds::Text),
            GroupBy::Channel => column("channel", "Canal", "Channel", Holds::Text),
        }));
        columns.extend([
            column("opening", "Ouverture", "Opening", Holds::Whole),
            column("arrivals", "Entrées", "Arrivals", Holds::Whole),
            column("settled_human", "Traités", "Settled", Holds::Whole),
            column(
                "settled_auto",
                "Traités automatiquement",
                "Settled automatically",
                Holds::Whole,
            ),
            column("cancelled", "Annulés ou sans suite", "Cancelled or lapsed", Holds::Whole),
            column("transferred", "Transférés", "Transferred", Holds::Whole),
            column("reopened", "Rouverts", "Reopened", Holds::Whole),
            column("corrections", "Corrections", "Corrections", Holds::Whole),
            column("gap", "Écart", "Gap", Holds::Whole),
            column("closing", "Clôture", "Closing", Holds::Whole),
        ]);
        let rows = ledger.into_iter().map(|r| {
            let counts = [
                r.opening,
                r.arrivals,
                r.settled_human,
                r.settled_auto,
                r.cancelled,
                r.transferred,
                r.reopened,
                r.corrections,
                r.gap,
                r.closing,
            ];
            let mut row = match grain {
                Grain::Day => vec![Cell::Day(r.from)],
                Grain::Week | Grain::Month => {
                    vec![r.period.as_str().into(), Cell::Day(r.from), Cell::Day(r.to)]
                }
            };
            row.extend(by.iter().map(|g| {
                Cell::from(match g {
                    GroupBy::Org => r.group.org.as_deref(),
                    GroupBy::Unit => r.group.unit.as_deref(),
                    GroupBy::Process => r.group.process.as_deref(),
                    GroupBy::Product => r.group.product.as_deref(),
                    GroupBy::Channel => r.group.channel.as_deref(),
                })
            }));
            row.extend(counts.map(Cell::from));
            row
        });
        Ok((["Grand livre".into(), "Ledger".into()], columns, rows.collect()))
    }

    async fn indicator_rows(&self, selection: &Selection) -> AppResult<Rows> {
        let figures = self.indicators(selection, &[]).await?;
        let columns = vec![
            column("id", "Indicateur", "Indicator", Holds::Text),
            column("label", "Libellé", "Label (fr)", Holds::Text),
            column("value", "Valeur", "Value", Holds::Number),
            column("unit", "Unité", "Unit", Holds::Text),
            column("numerator", "Numérateur", "Numerator", Holds::Number),
            column("denominator", "Dénominateur", "Denominator", Holds::Number),
            column("n", "Effectif", "n", Holds::Whole),
            column("from", "Du", "From", Holds::Day),
            column("to", "Au", "To", Holds::Day),
            column("formula_version", "Version de la formule", "Formula version", Holds::Text),
            column("formula", "Formule", "Formula (fr)", Holds::Text),
            column("reason", "Pourquoi inconnu", "Why unknown (fr)", Holds::Text),
        ];
        let number = |v: Option<f64>| v.map_or(Cell::Empty, Cell::Number);
        let rows = figures.into_iter().map(|f| {
            let definition = eclusier_ledger::definitions::find(&f.id);
            let unit = serde_json::to_value(f.unit).ok();
            vec![
                f.id.as_str().into(),
                definition.map(|d| d.label[0]).into(),
                number(f.value),
                unit.as_ref().and_then(|u| u.as_str()).into(),
                number(f.numerator),
                number(f.denominator),
                Cell::Whole(f.n),
                Cell::Day(f.period.from),
                Cell::Day(f.period.to),
                f.formula_version.as_str().into(),
                definition.map(|d| d.formula[0]).into(),
                f.reason.as_ref().map(|r| r[0].as_str()).into(),
            ]
        });
        Ok((["Indicateurs".into(), "Indicators".into()], columns, rows.collect()))
    }

    async fn case_rows(&self, selection: &Selection, shown: &CasesQuery) -> AppResult<Rows> {
        let query = CasesQuery { offset: 0, limit: usize::MAX, ..shown.clone() };
        let page = self.cases(selection, &query).await?;
        let columns = vec![
            column("process", "Processus", "Process", Holds::Text),
            column("case", "Dossier", "Case", Holds::Text),
            column("opened", "Réception", "Received", Holds::Instant),
            column("last", "Dernier événement", "Last event", Holds::Instant),
            column("last_activity", "Dernière étape", "Last activity", Holds::Text),
            column("closed", "Clôture", "Closed", Holds::Instant),
            column("state", "État", "State", Holds::Text),
            column("worked_days", "Jours ouvrés", "Worked days", Holds::Whole),
            column("calendar_days", "Jours calendaires", "Calendar days", Holds::Whole),
            column("due", "Échéance", "Due", Holds::Day),
            column("org", "Organisme", "Organisation", Holds::Text),
            column("unit", "Service", "Unit", Holds::Text),
            column("product", "Prestation", "Product", Holds::Text),
            column("channel", "Canal", "Channel", Holds::Text),
            column("events", "Événements", "Events", Holds::Whole),
            column("returns", "Retours et instances", "Returns and holds", Holds::Whole),
        ];
        let instant = |t: Option<Timestamp>| t.map_or(Cell::Empty, Cell::Instant);
        let rows = page.cases.into_iter().map(|c| {
            vec![
                c.process.as_str().into(),
                c.case.as_str().into(),
                instant(c.opened),
                instant(c.last),
                c.last_activity.as_str().into(),
                instant(c.closed),
                c.state.as_str().into(),
                Cell::Whole(c.worked_days),
                Cell::Whole(c.calendar_days),
                c.due.map_or(Cell::Empty, Cell::Day),
                c.org.as_deref().into(),
                c.unit.as_deref().into(),
                c.product.as_deref().into(),
                c.channel.as_deref().into(),
                Cell::Whole(i64::from(c.events)),
                Cell::Whole(i64::from(c.returns)),
            ]
        });
        Ok((page.title, columns, rows.collect()))
    }
}

type Rows = ([String; 2], Vec<Column>, Vec<Vec<Cell>>);

fn lead_time_rows(desks: &[Seen]) -> Rows {
    let columns = vec![
        column("process", "Processus", "Process", Holds::Text),
        column("case", "Dossier", "Case", Holds::Text),
        column("opened", "Réception", "Received", Holds::Instant),
        column("closed", "Clôture", "Closed", Holds::Instant),
        column("lead_time_s", "Durée (s)", "Lead time (s)", Holds::Number),
        column("worked_days", "Jours ouvrés", "Worked days", Holds::Whole),
    ];
    let instant = |us: i64| Timestamp::from_microsecond(us).map_or(Cell::Empty, Cell::Instant);
    let mut rows = Vec::new();
    for desk in desks {
        for (line, closed, worked) in desk.closings() {
            rows.push(vec![
                desk.process.as_str().into(),
                line.id.into(),
                instant(line.opened_us),
                closed.map_or(Cell::Empty, instant),
                Cell::Number((line.last_us - line.first_us) as f64 / 1e6),
                Cell::Whole(worked),
            ]);
        }
    }
    (["Délais".into(), "Lead times".into()], columns, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn table() -> Table {
        let column = |name, holds| Column { name, fr: name, en: name, holds };
        Table {
            title: ["Titre".into(), "Title".into()],
            columns: vec![
                column("case", Holds::Text),
                column("n", Holds::Whole),
                column("share", Holds::Number),
                column("day", Holds::Day),
            ],
            rows: vec![
                vec![
                    "=2+2".into(),
                    Cell::Whole(-3),
                    Cell::Share(0.125),
                    Cell::Day(date(2025, 1, 31)),
                ],
                vec!["-12".into(), Cell::Empty, Cell::Empty, Cell::Empty],
            ],
            notice: vec![(["Version".into(), "Version".into()], "1".into())],
            zone: TimeZone::UTC,
        }
    }

    #[test]
    fn a_french_csv_opens_in_a_french_spreadsheet() {
        let bytes = table().write(ExportFormat::FrenchCsv, Lang::Fr).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text, "\u{feff}case;n;share;day\r\n'=2+2;-3;0,125;31/01/2025\r\n-12;;;\r\n");
    }

    #[test]
    fn every_format_is_written() {
        for format in [ExportFormat::Xlsx, ExportFormat::IsoCsv, ExportFormat::Parquet] {
            assert!(!table().write(format, Lang::En).unwrap().is_empty());
        }
    }
}
