//! The zip around a spreadsheet, checked whole before `calamine` is given it.
//!
//! Every XML part is unzipped once into nothing: checksum, true size, document type,
//! elements well closed. The attributes whose figures `calamine` believes are read on
//! the way ([`guard`](super::guard)); cells are left to `calamine`.

use std::{
    fs::File,
    io::{self, BufReader, Read},
};

use quick_xml::{Error as XmlError, Reader, events::Event};
use zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::guard::Guard;
use crate::{
    Code, IngestError, Limits,
    xml::{EndlessToken, Window},
};

/// Expanded bytes always allowed, whatever the ratio: texts are held in memory,
/// so less than what a streamed file may reach.
const ALWAYS_ALLOWED: u64 = 256 << 20;
/// Expanded bytes never exceeded: above it a person should export CSV or Parquet.
const MAX_EXPANDED: u64 = 8 << 30;
/// Parts in one archive.
const MAX_PARTS: usize = 20_000;
/// Elements that may lie inside one another.
const DEPTH: usize = 256;

/// Counts expanded bytes and stops a bomb.
struct Meter<'e, R> {
    inner: R,
    expanded: &'e mut u64,
    allowed: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("the archive expands beyond the bounds")]
struct Bomb;

impl<R: Read> Read for Meter<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        *self.expanded = self.expanded.saturating_add(n as u64);
        if *self.expanded > self.allowed { Err(io::Error::other(Bomb)) } else { Ok(n) }
    }
}

/// Checks the archive whole; what its attributes announced is in the answer.
pub(crate) fn check(file: &File, name: &str, limits: &Limits) -> Result<Guard, IngestError> {
    let io = |source| IngestError::Io { name: name.to_owned(), source };
    let bytes = file.metadata().map_err(io)?.len();
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|e| broken(name, e))?;
    if zip.len() > MAX_PARTS || zip.has_overlapping_files().map_err(|e| broken(name, e))? {
        return Err(bomb(name));
    }
    let floor = limits.expanded_bytes.min(ALWAYS_ALLOWED);
    let allowed = bytes.saturating_mul(limits.expansion_ratio).max(floor).min(MAX_EXPANDED);
    let mut guard = Guard::new(name, limits.columns);
    let mut expanded = 0;
    // The last part first: the manifest, which says what a password protects.
    for i in (0..zip.len()).rev() {
        let part = zip.by_index(i).map_err(|e| broken(name, e))?;
        if part.encrypted() {
            return Err(protected(name));
        }
        let Ok(part_name) = part.name().map(|n| n.to_ascii_lowercase()) else { continue };
        let plain =
            matches!(part.compression(), CompressionMethod::Stored | CompressionMethod::Deflated);
        if plain && (part_name.ends_with(".xml") || part_name.ends_with(".rels")) {
            let input = Meter { inner: part, expanded: &mut expanded, allowed };
            read_part(input, name, &part_name, &mut guard)?;
        }
    }
    Ok(guard)
}

fn read_part(
    input: impl Read,
    name: &str,
    part: &str,
    guard: &mut Guard,
) -> Result<(), IngestError> {
    let mut xml = Reader::from_reader(Window::new(input));
    xml.config_mut().expand_empty_elements = true;
    let mut depth = 0usize;
    let mut buf = Vec::new();
    guard.begin(part);
    loop {
        buf.clear();
        xml.get_mut().token();
        let event = xml.read_event_into(&mut buf).map_err(|e| match e {
            XmlError::Io(e) => match e.get_ref() {
                Some(cause) if cause.is::<Bomb>() || cause.is::<EndlessToken>() => bomb(name),
                _ => truncated(name),
            },
            _ => malformed(name, part),
        })?;
        match event {
            Event::Start(e) => {
                depth += 1;
                guard.start(&e)?;
            }
            Event::End(e) => {
                depth = depth.saturating_sub(1);
                guard.end(e.name().as_ref(), e.local_name().as_ref())?;
            }
            Event::Text(t) => guard.text(&t),
            Event::CData(t) => guard.text(&t),
            Event::GeneralRef(r) => guard.text(&r),
            Event::DocType(_) => return Err(entities(name)),
            Event::Eof if depth == 0 => return guard.finish(xml.buffer_position()),
            Event::Eof => return Err(malformed(name, part)),
            _ => {}
        }
        if depth > DEPTH {
            return Err(malformed(name, part));
        }
    }
}

pub(crate) fn bomb(name: &str) -> IngestError {
    IngestError::refused(
        name,
        Code::TooExpanded,
        None,
        "le classeur se décompresse ou s’annonce démesurément (fichier piégé, abîmé ou trop grand) : l’ouvrir dans le tableur et l’enregistrer en CSV",
        "the workbook expands or announces itself out of all proportion (a trap, damaged or too large): open it in the spreadsheet and save it as CSV",
    )
}

fn entities(name: &str) -> IngestError {
    IngestError::refused(
        name,
        Code::XmlEntity,
        None,
        "le classeur contient une déclaration DOCTYPE, refusée par sécurité : l’enregistrer de nouveau depuis le tableur",
        "the workbook holds a DOCTYPE declaration, refused for safety: save it again from the spreadsheet",
    )
}

pub(crate) fn protected(name: &str) -> IngestError {
    IngestError::refused(
        name,
        Code::Malformed,
        None,
        "le classeur est protégé par un mot de passe : l’enregistrer sans mot de passe",
        "the workbook is protected by a password: save it without one",
    )
}

fn truncated(name: &str) -> IngestError {
    IngestError::refused(
        name,
        Code::Truncated,
        None,
        "le classeur est incomplet ou abîmé : le déposer de nouveau",
        "the workbook is incomplete or damaged: deliver it again",
    )
}

fn broken(name: &str, error: ZipError) -> IngestError {
    match error {
        ZipError::Io(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
            IngestError::Io { name: name.to_owned(), source }
        }
        ZipError::UnsupportedArchive(_) | ZipError::InvalidPassword => protected(name),
        _ => truncated(name),
    }
}

/// A part or a sheet that cannot be read.
pub(crate) fn malformed(name: &str, part: &str) -> IngestError {
    IngestError::refused(
        name,
        Code::Malformed,
        None,
        format!(
            "la partie {part} du classeur est illisible : ouvrir le fichier dans le tableur et l’enregistrer de nouveau"
        ),
        format!(
            "part {part} of the workbook cannot be read: open the file in the spreadsheet and save it again"
        ),
    )
}
