//! What stands on disk: names, links, bytes, order, whatever the number of threads.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use eclusier_core::FileKind;
use eclusier_lake::{
    Lake, LakeOptions, RealDisk, Stop,
    disk::{Disk, DiskFile, Entry},
};

use crate::common::{Book, DAY, Delivery, Row, open, process, tiny};

fn two_months(id: i64, shift: i64) -> Delivery {
    let mut rows = Vec::new();
    for case in 0..40 {
        for step in 0..5 {
            let time = (shift + case * 2 + step * 3) * DAY + case;
            rows.push(Row {
                resource: Some(format!("agent {}", (case + step) % 7)),
                ..Row::new(
                    &format!("D{shift}-{case:03}"),
                    ["a", "b", "c"][(step % 3) as usize],
                    time,
                )
            });
        }
    }
    // Delivered by day, as logs are.
    rows.sort_by_key(|r| r.time);
    Delivery::new(id, "si", None, rows)
}

#[test]
fn a_first_import_writes_its_rows_once() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), tiny());
    let mut book = Book::new();
    book.import(&lake, &two_months(1, 0), 33).unwrap();
    let events: Vec<_> = book.snapshot.of_kind(FileKind::Events).collect();
    assert!(events.len() > 2, "several months, several files");
    let delivered: BTreeMap<&str, u64> =
        book.snapshot.of_kind(FileKind::Delivery).map(|f| (f.sha256.as_str(), f.rows)).collect();
    for file in events {
        assert!(delivered.contains_key(file.sha256.as_str()));
        let month = file.month.unwrap();
        let folder = format!("essai/events/month={:04}-{:02}/", month.year(), month.month());
        assert!(file.path.starts_with(&folder), "{}", file.path);
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let meta = std::fs::metadata(lake.root().join(&file.path)).unwrap();
            assert_eq!(meta.nlink(), 2, "one file, two names");
        }
    }
}

#[test]
fn same_history_same_bytes_on_one_thread_or_four() {
    let play = |threads: usize| {
        let folder = tempfile::tempdir().unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let lake = open(folder.path(), LakeOptions { run_rows: 60, group_rows: 25, ..tiny() });
            let mut book = Book::new();
            book.import(&lake, &two_months(1, 0), 33).unwrap();
            book.import(&lake, &two_months(2, 11), 33).unwrap();
            book.import(&lake, &two_months(3, 0), 33).unwrap();
            book.undo(&lake, 1).unwrap();
            book.snapshot
                .files
                .iter()
                .map(|f| (f.path.clone(), f.sha256.clone()))
                .collect::<Vec<_>>()
        })
    };
    let one = play(1);
    assert_eq!(one, play(4));
    assert_eq!(one, play(4));
}

#[test]
fn a_later_delivery_rewrites_only_what_it_touches() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), LakeOptions::default());
    let mut book = Book::new();
    book.import(&lake, &two_months(1, 0), 50).unwrap();
    let before: Vec<String> =
        book.snapshot.of_kind(FileKind::Events).map(|f| f.path.clone()).collect();
    assert!(before.len() >= 3);
    // One more event of the first case, which opened in the first month.
    let more = Delivery::new(2, "si", None, vec![Row::new("D0-000", "z", 200 * DAY)]);
    let staged = book.import(&lake, &more, 50).unwrap();
    assert_eq!(staged.cases_continued, 1);
    assert_eq!(staged.commit.retired, vec![before[0].clone()]);
    // A late row that comes before the case opened: the case moves to an earlier month.
    let late = Delivery::new(3, "si", None, vec![Row::new("D0-039", "z", -40 * DAY)]);
    let staged = book.import(&lake, &late, 50).unwrap();
    assert_eq!(staged.cases_moved, 1);
    assert_eq!(staged.events_live_added, 1);
    assert!(lake.verify(&book.snapshot, &Stop::never()).unwrap().is_empty());
}

#[test]
fn deliveries_of_one_row_and_of_none() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), LakeOptions::default());
    let mut book = Book::new();
    let staged = book.import(&lake, &Delivery::new(1, "si", None, vec![]), 50).unwrap();
    assert_eq!(staged.commit, Default::default());
    let one = Delivery::new(2, "si", None, vec![Row::new("NA", "a", i64::MIN)]);
    let staged = book.import(&lake, &one, 50).unwrap();
    assert_eq!((staged.rows, staged.cases, staged.commit.added.len()), (1, 1, 2));
    assert_eq!(book.rows(&lake).len(), 1);
    book.undo(&lake, 1).unwrap();
    book.undo(&lake, 2).unwrap();
    assert!(book.snapshot.files.is_empty());
}

#[test]
fn rows_repeated_inside_a_delivery_are_kept_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), tiny());
    let mut book = Book::new();
    let row = Row::new("x", "a", 7);
    let rows =
        vec![row.clone(), Row::new("x", "b", 7), row.clone(), row.clone(), Row::new("x", "a", 8)];
    let staged = book.import(&lake, &Delivery::new(1, "si", None, rows.clone()), 2).unwrap();
    assert_eq!((staged.repeated, staged.duplicates, staged.events_live_added), (2, 0, 5));
    let more = [rows, vec![row]].concat();
    let staged = book.import(&lake, &Delivery::new(2, "si", None, more), 2).unwrap();
    assert_eq!((staged.repeated, staged.duplicates, staged.events_live_added), (3, 5, 1));
}

#[test]
fn a_column_of_too_many_names_is_carried_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), LakeOptions { run_rows: 20_000, ..LakeOptions::default() });
    let mut book = Book::new();
    let rows: Vec<Row> = (0..60_000i64)
        .map(|i| Row {
            resource: (i % 3 > 0).then(|| format!("agent {i}")),
            org: Some(format!("caisse {}", i % 3)),
            ..Row::new(&format!("{}", i * 7 % 6_000), "a", i * 1_000)
        })
        .collect();
    let delivery = Delivery::new(1, "si", None, rows);
    book.import(&lake, &delivery, 8_192).unwrap();
    let mut wanted = delivery.rows.clone();
    wanted.sort_by(|a, b| (a.case.as_bytes(), a.time).cmp(&(b.case.as_bytes(), b.time)));
    assert!(book.rows(&lake) == wanted);
}

#[test]
fn the_manifest_lists_the_files_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), LakeOptions::default());
    let mut book = Book::new();
    book.import(&lake, &two_months(1, 0), 50).unwrap();
    let path = lake.write_manifest(&book.snapshot).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    for file in book.snapshot.of_kind(FileKind::Events) {
        assert!(text.contains(&file.path));
    }
    assert!(text.contains(process().as_str()));
}

fn four(case: &str, day: i64) -> impl Iterator<Item = Row> {
    (0..4).map(move |i| Row::new(case, ["a", "b", "c", "d"][i as usize], day * DAY + i))
}

/// Ranges of cases of the live files.
fn ranges(book: &Book) -> Vec<(String, String)> {
    book.snapshot
        .of_kind(FileKind::Events)
        .map(|f| (f.min_case.clone().unwrap(), f.max_case.clone().unwrap()))
        .collect()
}

fn range(min: &str, max: &str) -> (String, String) {
    (min.to_owned(), max.to_owned())
}

/// One month in three full files of two cases.
fn three_files(folder: &Path) -> (Lake, Book) {
    let lake = open(folder, LakeOptions { file_rows: 8, ..tiny() });
    let mut book = Book::new();
    let days = [("c", 2), ("e", 10), ("k", 2), ("m", 3), ("r", 10), ("t", 2)];
    let rows = days.into_iter().flat_map(|(case, day)| four(case, day)).collect();
    book.import(&lake, &Delivery::new(1, "si", None, rows), 50).unwrap();
    assert_eq!(ranges(&book), [range("c", "e"), range("k", "m"), range("r", "t")]);
    (lake, book)
}

#[test]
fn a_case_that_lands_inside_a_full_file_has_it_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, mut book) = three_files(folder.path());
    book.import(&lake, &Delivery::new(2, "si", None, four("l", 4).collect()), 50).unwrap();
    assert!(lake.verify(&book.snapshot, &Stop::never()).unwrap().is_empty());
    assert_eq!(ranges(&book), [range("c", "e"), range("k", "l"), range("m", "m"), range("r", "t")]);
    // Between two full files, it stands alone.
    book.import(&lake, &Delivery::new(3, "si", None, four("f", 4).collect()), 50).unwrap();
    assert_eq!(ranges(&book)[1], range("f", "f"));
    // Beside a small file, it joins it.
    book.import(&lake, &Delivery::new(4, "si", None, four("g", 4).collect()), 50).unwrap();
    assert_eq!(ranges(&book)[1], range("f", "g"));
    assert!(lake.verify(&book.snapshot, &Stop::never()).unwrap().is_empty());
}

#[test]
fn rewritten_files_do_not_reach_over_a_file_that_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, mut book) = three_files(folder.path());
    // Day 10 is replaced by nothing: the first and the last file lose a case each.
    let replace = Some("1970-01-11..1970-01-11".parse().unwrap());
    let staged = book.import(&lake, &Delivery::new(2, "si", replace, vec![]), 50).unwrap();
    assert_eq!(staged.replaced, 8);
    assert_eq!(ranges(&book), [range("c", "c"), range("k", "m"), range("t", "t")]);
    assert!(lake.verify(&book.snapshot, &Stop::never()).unwrap().is_empty());
    // Compaction has nothing to join around a full file, and joins small neighbours.
    let commit = lake.compact(&book.snapshot, &Stop::never()).unwrap();
    assert_eq!(commit, Default::default());
    let wider = open(folder.path(), LakeOptions { file_rows: 100, ..tiny() });
    let rows = book.rows(&wider);
    let commit = wider.compact(&book.snapshot, &Stop::never()).unwrap();
    book.apply(&commit);
    assert_eq!(ranges(&book), [range("c", "t")]);
    assert_eq!(book.rows(&wider), rows);
}

#[test]
fn a_case_pushed_to_a_later_month_joins_what_the_delivery_opens_there() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), LakeOptions::default());
    let mut book = Book::new();
    let rows = four("m", 2).chain(four("m", 40)).collect();
    book.import(&lake, &Delivery::new(1, "si", None, rows), 50).unwrap();
    // January goes; February opens around what is left of the case.
    let replace = Some("1970-01-01..1970-01-31".parse().unwrap());
    let rows = four("a", 41).chain(four("z", 41)).collect();
    let staged = book.import(&lake, &Delivery::new(2, "si", replace, rows), 50).unwrap();
    assert_eq!((staged.replaced, staged.cases_moved), (4, 1));
    assert_eq!(ranges(&book), [range("a", "z")]);
    assert!(lake.verify(&book.snapshot, &Stop::never()).unwrap().is_empty());
}

#[test]
fn undoing_the_opening_of_a_case_brings_it_among_the_files_of_its_new_month() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, mut book) = three_files(folder.path());
    book.import(&lake, &Delivery::new(2, "si", None, four("d", -9).collect()), 50).unwrap();
    book.import(&lake, &Delivery::new(3, "si", None, four("d", 5).collect()), 50).unwrap();
    assert_eq!(ranges(&book)[0], range("d", "d"), "December comes first");
    let staged = book.undo(&lake, 2).unwrap();
    assert_eq!((staged.rows, staged.replaced, staged.events_live_added), (4, 4, 0));
    assert_eq!(ranges(&book), [range("c", "d"), range("e", "e"), range("k", "m"), range("r", "t")]);
    assert!(lake.verify(&book.snapshot, &Stop::never()).unwrap().is_empty());
    // A re-sent row was a duplicate: it lives again once the delivery that brought it is gone.
    book.import(&lake, &Delivery::new(4, "si", None, four("c", 2).take(1).collect()), 50).unwrap();
    let staged = book.undo(&lake, 1).unwrap();
    assert_eq!((staged.replaced, staged.events_live_added), (24, 1));
}

/// Remembers what was asked of the disk, in order.
#[derive(Debug, Default)]
struct Witness {
    log: Arc<Mutex<Vec<(&'static str, PathBuf)>>>,
}

impl Witness {
    fn note(&self, what: &'static str, path: &Path) {
        self.log.lock().unwrap().push((what, path.to_owned()));
    }
}

struct WitnessFile {
    inner: Box<dyn DiskFile>,
    path: PathBuf,
    log: Arc<Mutex<Vec<(&'static str, PathBuf)>>>,
}

impl Write for WitnessFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.log.lock().unwrap().push(("write", self.path.clone()));
        self.inner.write(buf)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl DiskFile for WitnessFile {
    fn sync(&mut self) -> io::Result<()> {
        self.log.lock().unwrap().push(("sync", self.path.clone()));
        self.inner.sync()
    }
}

impl Disk for Witness {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let inner = RealDisk.create(path)?;
        Ok(Box::new(WitnessFile { inner, path: path.to_owned(), log: self.log.clone() }))
    }
    fn open(&self, path: &Path) -> io::Result<File> {
        RealDisk.open(path)
    }
    fn open_lock(&self, path: &Path) -> io::Result<File> {
        RealDisk.open_lock(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note("from", from);
        self.note("to", to);
        RealDisk.rename(from, to)
    }
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note("to", to);
        RealDisk.link(from, to)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.note("sync", path);
        RealDisk.sync_dir(path)
    }
    fn create_dirs(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dirs(path)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
    fn remove_dirs(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_dirs(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        RealDisk.list(path)
    }
    fn exists(&self, path: &Path) -> bool {
        RealDisk.exists(path)
    }
}

#[test]
fn every_file_is_synced_before_its_name_and_every_name_before_the_commit() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(Witness::default());
    let log = disk.log.clone();
    let lake = Lake::with_disk(folder.path(), disk, tiny()).unwrap();
    let mut book = Book::new();
    book.import(&lake, &two_months(1, 0), 33).unwrap();
    book.import(&lake, &two_months(2, 11), 33).unwrap();
    book.undo(&lake, 1).unwrap();
    lake.write_manifest(&book.snapshot).unwrap();
    let log = log.lock().unwrap();
    let mut names = 0;
    for (at, (what, path)) in log.iter().enumerate() {
        match *what {
            "from" => {
                let before = log[..at].iter().rev().find(|(_, p)| p == path);
                assert_eq!(
                    before.map(|b| b.0),
                    Some("sync"),
                    "{} renamed unsynced",
                    path.display()
                );
            }
            "to" => {
                names += 1;
                for folder in path.ancestors().skip(1).take_while(|p| p.starts_with(lake.root())) {
                    // Folders that were there before this history need no second sync.
                    if folder == path.parent().unwrap() || folder.ends_with("essai") {
                        let synced = log[at..].iter().any(|(w, p)| *w == "sync" && p == folder);
                        let earlier = log[..at].iter().any(|(w, p)| *w == "sync" && p == folder);
                        assert!(
                            synced || (earlier && folder != path.parent().unwrap()),
                            "the name of {} is not durable",
                            path.display()
                        );
                    }
                }
            }
            _ => {}
        }
    }
    assert!(names > 10);
}
