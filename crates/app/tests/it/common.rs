//! A scratch data directory, small logs written as French tools export them,
//! and the whole state of a process as one comparable value.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use eclusier_app::{
    App, AppOptions, DatabaseUrl, Filter, Grain, GroupBy, ProcessId, Rows,
    cases::CasesQuery,
    figures::Selection,
    imports::{ImportOptions, ImportReport, ImportStatus, Watch},
};
use jiff::{Timestamp, civil::Date};
use tempfile::TempDir;

pub struct Bench {
    folder: TempDir,
    pub app: App,
}

/// The instant of every test: a Tuesday.
pub fn now() -> Timestamp {
    "2025-07-01T08:00:00Z".parse().unwrap()
}

pub fn process(id: &str) -> ProcessId {
    ProcessId::new(id).unwrap()
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Everything a person may read of a process.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub describe: String,
    pub variants: String,
    pub map: String,
    pub ledger: Vec<String>,
    pub cases: Vec<String>,
    pub rows: u64,
}

impl Bench {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = open(folder.path()).await;
        Self { folder, app }
    }

    /// Another handle on the same data, as another program would have.
    pub async fn another(&self) -> App {
        open(self.folder.path()).await
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub async fn import(&self, path: &Path, id: &str) -> ImportReport {
        let options = ImportOptions::new(path, process(id));
        self.app.import(options, Watch::default()).await.unwrap()
    }

    /// Imports a text that must be stored.
    pub async fn store(&self, name: &str, text: &str, id: &str) -> ImportReport {
        let report = self.import(&self.file(name, text), id).await;
        assert_eq!(report.status, ImportStatus::Committed, "{:?}", report.message);
        report
    }

    pub async fn state(&self, id: &str) -> State {
        state(&self.app, id).await
    }
}

/// The PostgreSQL database these tests run on; SQLite when absent.
pub fn database() -> Option<DatabaseUrl> {
    let url = std::env::var("ECLUSIER_TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
    url.map(|url| url.parse().unwrap())
}

pub async fn open(folder: &Path) -> App {
    let mut options = AppOptions::new(folder.join("data"));
    options.now = Some(now());
    options.database = database();
    App::open(options).await.unwrap()
}

pub fn of(id: &str) -> Selection {
    Selection { process: Some(process(id)), ..Selection::default() }
}

pub async fn state(app: &App, id: &str) -> State {
    let process = process(id);
    let filter = Filter { reading: Rows::Events, ..Filter::default() };
    let study = app.study(&process, &of(id), filter).await.unwrap();
    let every = [GroupBy::Unit, GroupBy::Product];
    let ledger = app.ledger(&of(id), Grain::Day, &every).await.unwrap();
    let query = CasesQuery { limit: usize::MAX, ..CasesQuery::default() };
    let mut cases: Vec<String> =
        app.cases(&of(id), &query).await.unwrap().cases.iter().map(|c| format!("{c:?}")).collect();
    cases.sort();
    let live = app.live(&process).await.unwrap();
    State {
        describe: format!("{:?}", app.profile(&study).await.unwrap()),
        variants: format!("{:?}", app.variants(&study, 1000).await.unwrap()),
        map: format!("{:?}", app.map(&study).await.unwrap()),
        ledger: ledger.iter().map(|r| format!("{r:?}")).collect(),
        cases,
        rows: live.of_kind(eclusier_core::FileKind::Events).map(|f| f.rows).sum(),
    }
}

/// One delivered row: case, activity, instant as written.
pub type Line = (String, &'static str, String);

pub const HEADER: &str = "Dossier;Activité;Date;Agent;Service;Prestation\r\n";

/// Writes rows as a case tool would; the agent and the service follow from the case.
pub fn csv(lines: &[Line]) -> String {
    let mut text = HEADER.to_owned();
    for (case, activity, at) in lines {
        let n: u32 = case.bytes().map(u32::from).sum();
        let (unit, product) =
            (["Nord", "Sud"][n as usize % 2], ["Pension", "Réversion"][n as usize % 2]);
        write!(text, "{case};{activity};{at};agent{};{unit};{product}\r\n", n % 5).unwrap();
    }
    text
}

/// Cases of three steps, one received a day from the first day of a month of 2025;
/// every fifth one is never settled.
pub fn month(prefix: &str, month: u32, cases: u32) -> Vec<Line> {
    let mut lines = Vec::new();
    for i in 0..cases {
        let case = format!("{prefix}{i:04}");
        let d = 1 + i % 20;
        let at =
            |day: u32, hour: u32| format!("{day:02}/{month:02}/2025 {hour:02}:{:02}:00", i % 60);
        lines.push((case.clone(), "Réception", at(d, 9)));
        lines.push((case.clone(), "Instruction", at(d + 1 + i % 3, 10)));
        if i % 5 != 4 {
            lines.push((case, "Décision", at(d + 4 + i % 4, 15)));
        }
    }
    lines
}

/// Rules under which a decision settles, with a target.
pub fn rules() -> eclusier_core::ProcessRules {
    eclusier_core::ProcessRules::from_toml(
        "label = \"Pensions\"\n[states]\nsettled = [\"Décision\"]\n[[target]]\ndays = 5\n",
    )
    .unwrap()
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => found.push(entry.path()),
            }
        }
    }
    found.sort();
    found
}

/// Data files, staging and refused rows: what an import that left nothing has not changed.
pub fn left_behind(data: &Path) -> Vec<PathBuf> {
    let mut found = files(&data.join("lake"));
    found.extend(files(&data.join("quarantine")));
    // Locks are empty files that stay.
    found.retain(|p| std::fs::metadata(p).is_ok_and(|m| m.len() > 0));
    found
}

/// A column as text, nulls empty, instants in microseconds.
pub fn texts(column: &arrow_array::ArrayRef) -> Vec<String> {
    let plain = match column.data_type() {
        // The formatter wants a database of zones for these.
        DataType::Timestamp(..) => arrow::compute::cast(column, &DataType::Int64).unwrap(),
        _ => column.clone(),
    };
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(plain.as_ref(), &options).unwrap();
    (0..plain.len()).map(|row| formatter.value(row).to_string()).collect()
}

/// The counts of a whole log.
pub async fn profile(app: &App, id: &str) -> eclusier_app::Profile {
    let study = app.study(&process(id), &of(id), Filter::default()).await.unwrap();
    app.profile(&study).await.unwrap()
}
