//! Checking a stored version, file by file and as a whole.

use std::{cmp::Reverse, collections::BinaryHeap, io::Read};

use eclusier_core::{DataFile, FileKind, Snapshot};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{
    Lake, LakeError, Step, Stop,
    block::Names,
    layout::Month,
    read::{CaseCursor, FileSource, Opened},
};

/// Something that does not hold in a stored version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// File concerned, path below the root.
    pub path: String,
    /// What does not hold.
    pub what: String,
}

impl Lake {
    /// Checks every file of a version: presence, size, hash, footer, rows, order, months, figures
    /// of the catalogue; and that no case stands in two files.
    ///
    /// What does not hold is listed; an error means that the check itself could not be done.
    pub fn verify(&self, snapshot: &Snapshot, stop: &Stop) -> Result<Vec<Problem>, LakeError> {
        let total = snapshot.files.len() as u64;
        let done = std::sync::atomic::AtomicU64::new(0);
        let found: Vec<Vec<Problem>> = snapshot
            .files
            .par_iter()
            .map(|file| {
                let mut problems = Vec::new();
                let checked = self.open_file(file).and_then(|opened| {
                    check_hash(&opened, file, &mut problems)?;
                    if file.kind != FileKind::Counts {
                        check_rows(opened, file, stop, &mut problems)?;
                    }
                    Ok(())
                });
                listed(checked, &mut problems)?;
                let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                stop.at(Step::Verifying, done, total)?;
                Ok(problems)
            })
            .collect::<Result<_, LakeError>>()?;
        let mut problems: Vec<Problem> = found.into_iter().flatten().collect();
        if problems.is_empty() {
            let checked = self.check_whole(snapshot, stop, &mut problems);
            listed(checked, &mut problems)?;
        }
        Ok(problems)
    }

    /// No case in two files; files of a month in disjoint ranges.
    fn check_whole(
        &self,
        snapshot: &Snapshot,
        stop: &Stop,
        problems: &mut Vec<Problem>,
    ) -> Result<(), LakeError> {
        let mut events: Vec<&DataFile> = snapshot.of_kind(FileKind::Events).collect();
        events.sort_by(|a, b| (a.month, &a.min_case).cmp(&(b.month, &b.min_case)));
        for pair in events.windows(2) {
            if let [before, after] = pair
                && before.month == after.month
                && after.min_case <= before.max_case
            {
                problems.push(Problem {
                    path: after.path.clone(),
                    what: format!("its cases overlap those of {}", before.path),
                });
            }
        }
        let mut cursors = Vec::new();
        for file in &events {
            cursors.push(CaseCursor::new(self.open_file(file)?, None));
        }
        let mut heap = BinaryHeap::new();
        for (index, cursor) in cursors.iter_mut().enumerate() {
            if cursor.advance()? {
                heap.push(Reverse((cursor.case.clone(), index)));
            }
        }
        let mut last: Option<(String, usize)> = None;
        while let Some(Reverse((case, index))) = heap.pop() {
            if let Some((before, other)) = &last
                && *before == case
                && let (Some(file), Some(other)) = (events.get(index), events.get(*other))
            {
                problems.push(Problem {
                    path: file.path.clone(),
                    what: format!("holds a case that also stands in {}", other.path),
                });
                if problems.len() >= 100 {
                    return Ok(());
                }
            }
            last = Some((case, index));
            if let Some(cursor) = cursors.get_mut(index)
                && cursor.advance()?
            {
                heap.push(Reverse((cursor.case.clone(), index)));
            }
            stop.check()?;
        }
        Ok(())
    }
}

/// Turns what is wrong with a file into a problem; other errors stay errors.
fn listed(result: Result<(), LakeError>, problems: &mut Vec<Problem>) -> Result<(), LakeError> {
    match result {
        Err(LakeError::Missing { path }) => {
            problems.push(Problem { path, what: "is missing".to_owned() });
            Ok(())
        }
        Err(LakeError::Damaged { path, what }) => {
            problems.push(Problem { path, what });
            Ok(())
        }
        other => other,
    }
}

fn check_hash(
    opened: &Opened,
    file: &DataFile,
    problems: &mut Vec<Problem>,
) -> Result<(), LakeError> {
    let mut reader = opened.bytes();
    let mut sha = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read =
            reader.read(&mut buffer).map_err(|e| LakeError::io("read", file.path.clone(), e))?;
        if read == 0 {
            break;
        }
        sha.update(buffer.get(..read).unwrap_or_default());
    }
    if hex::encode(sha.finalize()) != file.sha256 {
        problems.push(Problem {
            path: file.path.clone(),
            what: "its bytes do not have the hash of the catalogue".to_owned(),
        });
    }
    Ok(())
}

fn check_rows(
    opened: Opened,
    file: &DataFile,
    stop: &Stop,
    problems: &mut Vec<Problem>,
) -> Result<(), LakeError> {
    let mut problem = |what: String| {
        // One damaged file would otherwise fill the report.
        if problems.len() < 20 {
            problems.push(Problem { path: file.path.clone(), what });
        }
    };
    let month = file.month.map(Month::of_day);
    let mut source = FileSource::new(opened, 32_768);
    let mut names = Names::default();
    let mut last: Option<(String, i64, i64, i64)> = None;
    let (mut rows, mut cases) = (0u64, 0u64);
    let (mut first_us, mut last_us): (Option<i64>, Option<i64>) = (None, None);
    let mut min_case: Option<String> = None;
    while let Some(block) = source.next(&mut names)? {
        stop.check()?;
        for (index, ends) in block.starts.windows(2).enumerate() {
            let &[from, to] = ends else { continue };
            let case = block.cases.value(index);
            let opens = last.as_ref().is_none_or(|(before, ..)| before != case);
            if opens {
                cases += 1;
                if last.as_ref().is_some_and(|(before, ..)| before.as_bytes() > case.as_bytes()) {
                    problem("its cases are not in order".to_owned());
                }
                if block.time.get(from as usize).map(|&t| Month::of(t)) != month {
                    problem("holds a case that opened in another month".to_owned());
                }
                min_case.get_or_insert_with(|| case.to_owned());
            }
            let mut before = if opens { None } else { last.take().map(|(_, t, d, s)| (t, d, s)) };
            for row in from as usize..to as usize {
                let (Some(&time), Some(&seq)) = (block.time.get(row), block.seq.get(row)) else {
                    continue;
                };
                let delivery = block.delivery.of(row);
                if file.kind == FileKind::Delivery && delivery != file.delivery.0 {
                    problem("holds rows of another delivery".to_owned());
                }
                let key = (time, delivery, seq);
                if before.is_some_and(|b| b > key) {
                    problem("rows of a case are not in order".to_owned());
                }
                before = Some(key);
                rows += 1;
                first_us = Some(first_us.map_or(time, |f| f.min(time)));
                last_us = Some(last_us.map_or(time, |l| l.max(time)));
            }
            if let Some((time, delivery, seq)) = before {
                last = Some((case.to_owned(), time, delivery, seq));
            }
        }
    }
    let max_case = last.map(|(case, ..)| case);
    if (rows, cases, first_us, last_us) != (file.rows, file.cases, file.first_us, file.last_us)
        || min_case != file.min_case
        || max_case != file.max_case
    {
        problem("its figures are not those of the catalogue".to_owned());
    }
    Ok(())
}
