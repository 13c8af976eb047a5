//! Opening a file: gzip peeled off, expansion bounded, bytes counted for progress.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::bufread::MultiGzDecoder;

use crate::{Limits, error::IngestError, finding::Code};

/// Counts the bytes read from the file as delivered.
#[derive(Debug, Clone, Default)]
pub struct Position {
    done: Arc<AtomicU64>,
    total: u64,
}

impl Position {
    /// Bytes read so far.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
    /// Bytes of the file.
    pub fn total(&self) -> u64 {
        self.total
    }
}

struct Counted<R> {
    inner: R,
    done: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.done.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Stops a file that expands out of proportion before it fills anything.
struct Bounded<R> {
    inner: R,
    position: Position,
    limits: Limits,
    expanded: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.expanded += n as u64;
        let raw = self.position.done().max(1);
        if self.expanded > self.limits.expanded_bytes
            && self.expanded / raw > self.limits.expansion_ratio
        {
            return Err(io::Error::other(TooExpanded { ratio: self.expanded / raw }));
        }
        Ok(n)
    }
}

/// A compressed file grew beyond the bounds.
#[derive(Debug, thiserror::Error)]
#[error("the compressed content expands {ratio} times")]
pub struct TooExpanded {
    /// Expanded bytes per delivered byte when it was stopped.
    pub ratio: u64,
}

/// Opens a file, gzip or not, for streaming.
pub fn open(
    path: &Path,
    name: &str,
    limits: Limits,
) -> Result<(Box<dyn Read + Send>, Position), IngestError> {
    let io = |source| IngestError::Io { name: name.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let total = file.metadata().map_err(io)?.len();
    let mut magic = [0u8; 2];
    let n = read_full(&mut file, &mut magic).map_err(io)?;
    let head = io::Cursor::new(magic.get(..n).unwrap_or_default().to_vec());
    let position = Position { done: Arc::default(), total };
    let counted = Counted { inner: head.chain(file), done: position.done.clone() };
    if magic == [0x1f, 0x8b] {
        let inner = MultiGzDecoder::new(BufReader::with_capacity(1 << 16, counted));
        let bounded = Bounded { inner, position: position.clone(), limits, expanded: 0 };
        Ok((Box::new(bounded), position))
    } else {
        Ok((Box::new(counted), position))
    }
}

/// Reads until the buffer is full or the input ends.
pub fn read_full(reader: &mut dyn Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while let Some(rest) = buf.get_mut(n..).filter(|r| !r.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(k) => n += k,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(n)
}

/// Says what a failed read means: a cut or damaged gzip and a bomb are refusals.
pub fn read_error(name: &str, source: io::Error) -> IngestError {
    if let Some(bomb) = source.get_ref().and_then(|e| e.downcast_ref::<TooExpanded>()) {
        let ratio = bomb.ratio;
        return IngestError::refused(
            name,
            Code::TooExpanded,
            None,
            format!(
                "le contenu compressé grossit {ratio} fois au-delà de la taille permise : décompressez le fichier et vérifiez-le avant de le déposer"
            ),
            format!(
                "the compressed content expands {ratio} times beyond the size allowed: expand and check the file before dropping it"
            ),
        );
    }
    match source.kind() {
        io::ErrorKind::UnexpectedEof => IngestError::refused(
            name,
            Code::Truncated,
            None,
            "le fichier compressé est coupé avant sa fin : rien n’est importé, demandez un nouvel envoi complet",
            "the compressed file is cut before its end: nothing is imported, ask for a complete delivery",
        ),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => IngestError::refused(
            name,
            Code::Malformed,
            None,
            "le fichier compressé est abîmé (somme de contrôle ou structure) : rien n’est importé, demandez un nouvel envoi",
            "the compressed file is damaged (checksum or structure): nothing is imported, ask for a new delivery",
        ),
        _ => IngestError::Io { name: name.to_owned(), source },
    }
}
