//! The zip around a spreadsheet: checked whole before anything in it is trusted.
//!
//! Every XML part is unzipped once into nothing, which verifies its checksum,
//! counts its true size (the declared one may lie) and looks for a document type,
//! where entities would hide. Only then are parts read, each from its own handle.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom, Take},
    path::{Path, PathBuf},
};

use flate2::read::DeflateDecoder;
use quick_xml::Reader;
use zip::{CompressionMethod, ZipArchive, result::ZipError};

use crate::{Code, IngestError, Limits};

/// Expanded bytes always allowed, whatever the ratio: shared texts are held in memory,
/// so less than what a streamed file may reach.
const ALWAYS_ALLOWED: u64 = 256 << 20;
/// Expanded bytes never exceeded: above it a person should export CSV or Parquet.
const MAX_EXPANDED: u64 = 8 << 30;
/// Parts in one archive.
const MAX_PARTS: usize = 20_000;
/// Bytes between two `<`: one text or one tag. A cell holds at most 32,767 characters.
const MAX_STRETCH: u64 = 4 << 20;

/// Where one part lies in the file.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: u64,
    compressed: u64,
    stored: bool,
}

/// A checked archive.
#[derive(Debug, Clone)]
pub(crate) struct Archive {
    name: String,
    path: PathBuf,
    parts: BTreeMap<String, Place>,
}

/// One part, unzipped as it is read.
pub(crate) struct Part {
    compressed: u64,
    source: Source,
}

enum Source {
    Stored(Take<File>),
    Deflated(Box<DeflateDecoder<Take<File>>>),
}

impl Part {
    /// Compressed bytes read so far.
    pub(crate) fn done(&self) -> u64 {
        let left = match &self.source {
            Source::Stored(r) => r.limit(),
            Source::Deflated(r) => r.get_ref().limit(),
        };
        self.compressed.saturating_sub(left)
    }
}

impl Read for Part {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        match &mut self.source {
            Source::Stored(r) => r.read(buf),
            Source::Deflated(r) => r.read(buf),
        }
    }
}

/// XML events of one part.
pub(crate) type Xml = Reader<BufReader<Part>>;

impl Archive {
    /// Opens and checks the archive at `path`; `name` is what messages show.
    pub(crate) fn open(path: &Path, name: &str, limits: &Limits) -> Result<Self, IngestError> {
        let io = |source| IngestError::Io { name: name.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|e| broken(name, e))?;
        if zip.len() > MAX_PARTS || zip.has_overlapping_files().map_err(|e| broken(name, e))? {
            return Err(bomb(name));
        }
        let floor = limits.expanded_bytes.min(ALWAYS_ALLOWED);
        let allowed = bytes.saturating_mul(limits.expansion_ratio).max(floor).min(MAX_EXPANDED);
        let mut expanded = 0u64;
        let mut parts = BTreeMap::new();
        for i in 0..zip.len() {
            let mut part = zip.by_index(i).map_err(|e| broken(name, e))?;
            let Ok(part_name) = part.name().map(|n| n.into_owned()) else { continue };
            let wanted = part_name.ends_with(".xml") || part_name.ends_with(".rels");
            if part.encrypted() {
                return Err(protected(name));
            }
            let stored = match part.compression() {
                CompressionMethod::Stored => true,
                CompressionMethod::Deflated => false,
                _ => continue,
            };
            if !wanted && part_name != "mimetype" {
                continue;
            }
            let Some(start) = part.data_start() else { continue };
            let place = Place { start, compressed: part.compressed_size(), stored };
            check_part(&mut part, name, allowed, &mut expanded)?;
            parts.insert(part_name, place);
        }
        Ok(Self { name: name.to_owned(), path: path.to_owned(), parts })
    }

    /// File name shown in messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a part exists.
    pub(crate) fn has(&self, part: &str) -> bool {
        self.parts.contains_key(part)
    }

    /// Opens one part as XML, or `None` when it does not exist.
    pub(crate) fn xml(&self, part: &str) -> Result<Option<Xml>, IngestError> {
        let Some(place) = self.parts.get(part) else { return Ok(None) };
        let io = |source| IngestError::Io { name: self.name.clone(), source };
        let mut file = File::open(&self.path).map_err(io)?;
        file.seek(SeekFrom::Start(place.start)).map_err(io)?;
        let raw = file.take(place.compressed);
        let source = if place.stored {
            Source::Stored(raw)
        } else {
            Source::Deflated(Box::new(DeflateDecoder::new(raw)))
        };
        let part = Part { compressed: place.compressed, source };
        let mut reader = Reader::from_reader(BufReader::with_capacity(64 << 10, part));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = false;
        Ok(Some(reader))
    }
}

/// Unzips one part into nothing.
fn check_part(
    part: &mut impl Read,
    name: &str,
    allowed: u64,
    expanded: &mut u64,
) -> Result<(), IngestError> {
    const DOCTYPE: &[u8] = b"<!DOCTYPE";
    let mut buffer = vec![0u8; 128 << 10];
    // Bytes since the last `<`, and the end of the last read: a word may straddle two.
    let mut stretch = 0u64;
    let mut carried: Vec<u8> = Vec::with_capacity(2 * DOCTYPE.len());
    loop {
        let read = match part.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(truncated(name)),
        };
        *expanded = expanded.saturating_add(read as u64);
        if *expanded > allowed {
            return Err(bomb(name));
        }
        let bytes = buffer.get(..read).unwrap_or_default();
        carried.extend(bytes.iter().take(DOCTYPE.len()));
        if memchr::memmem::find(&carried, DOCTYPE).is_some()
            || memchr::memmem::find(bytes, DOCTYPE).is_some()
        {
            return Err(entities(name));
        }
        carried.drain(..carried.len().saturating_sub(DOCTYPE.len() - 1));
        if bytes.len() >= DOCTYPE.len() {
            carried.clear();
            carried.extend(bytes.iter().skip(bytes.len() - (DOCTYPE.len() - 1)));
        }
        let mut from = 0usize;
        for at in memchr::memchr_iter(b'<', bytes) {
            if stretch + (at - from) as u64 > MAX_STRETCH {
                return Err(bomb(name));
            }
            stretch = 0;
            from = at;
        }
        stretch += (bytes.len() - from) as u64;
        if stretch > MAX_STRETCH {
            return Err(bomb(name));
        }
    }
}

fn bomb(name: &str) -> IngestError {
    IngestError::refused(
        name,
        Code::TooExpanded,
        None,
        "le classeur se décompresse démesurément (fichier piégé ou abîmé) : l’ouvrir dans le tableur et l’enregistrer en CSV",
        "the workbook expands out of all proportion (a trap, or damaged): open it in the spreadsheet and save it as CSV",
    )
}

fn entities(name: &str) -> IngestError {
    IngestError::refused(
        name,
        Code::XmlEntity,
        None,
        "le classeur contient une déclaration DOCTYPE, refusée par sécurité : l’enregistrer de nouveau depuis le tableur",
        "the workbook holds a DOCTYPE declaration, refused for safety: save it again from the spreadsheet",
    )
}

fn protected(name: &str) -> IngestError {
    IngestError::refused(
        name,
        Code::Malformed,
        None,
        "le classeur est protégé par un mot de passe : l’enregistrer sans mot de passe",
        "the workbook is protected by a password: save it without one",
    )
}

fn truncated(name: &str) -> IngestError {
    IngestError::refused(
        name,
        Code::Truncated,
        None,
        "le classeur est incomplet ou abîmé : le déposer de nouveau",
        "the workbook is incomplete or damaged: deliver it again",
    )
}

fn broken(name: &str, error: ZipError) -> IngestError {
    match error {
        ZipError::Io(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            IngestError::Io { name: name.to_owned(), source }
        }
        ZipError::UnsupportedArchive(_) | ZipError::InvalidPassword => protected(name),
        _ => truncated(name),
    }
}

/// A part whose XML does not hold together.
pub(crate) fn malformed(name: &str, part: &str) -> IngestError {
    IngestError::refused(
        name,
        Code::Malformed,
        None,
        format!(
            "la partie {part} du classeur est illisible : ouvrir le fichier dans le tableur et l’enregistrer de nouveau"
        ),
        format!(
            "part {part} of the workbook cannot be read: open the file in the spreadsheet and save it again"
        ),
    )
}
