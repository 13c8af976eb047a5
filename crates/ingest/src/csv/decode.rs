//! Bytes of a text file into UTF-8, chunk by chunk.

use std::io::{self, Read};

use crate::{mapping::Encoding, source::read_full};

/// Bytes asked of the file at once.
const CHUNK: usize = 1 << 16;

/// Reads a text file as UTF-8 whatever its encoding; the byte-order mark is left out.
///
/// A UTF-8 file passes through unchecked: its records are checked one by one, so
/// that a bad line can be named. Elsewhere an undecodable unit becomes U+FFFD and
/// is counted, so that no line is damaged in silence.
pub struct Decode {
    input: Box<dyn Read + Send>,
    decoder: Option<encoding_rs::Decoder>,
    raw: Vec<u8>,
    fresh: bool,
    done: bool,
    malformed: u64,
}

impl Decode {
    /// A reader of this encoding.
    pub fn new(input: Box<dyn Read + Send>, encoding: Encoding) -> Self {
        let decoder = match encoding {
            Encoding::Utf8 => None,
            // No byte-order mark can overrule what was detected or said.
            Encoding::Windows1252 => {
                Some(encoding_rs::WINDOWS_1252.new_decoder_without_bom_handling())
            }
            Encoding::Utf16Le => Some(encoding_rs::UTF_16LE.new_decoder_with_bom_removal()),
            Encoding::Utf16Be => Some(encoding_rs::UTF_16BE.new_decoder_with_bom_removal()),
        };
        let raw = if decoder.is_some() { vec![0; CHUNK] } else { Vec::new() };
        Self { input, decoder, raw, fresh: true, done: false, malformed: 0 }
    }

    /// Units that could not be decoded so far.
    pub fn malformed(&self) -> u64 {
        self.malformed
    }

    /// Appends the next chunk to `out`; `false` once the input is exhausted.
    pub fn fill(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        if self.done {
            return Ok(false);
        }
        let before = out.len();
        match &mut self.decoder {
            None => {
                out.resize(before + CHUNK, 0);
                let slot = out.get_mut(before..).unwrap_or_default();
                let n = match read_full(&mut self.input, slot) {
                    Ok(n) => n,
                    Err(e) => {
                        out.truncate(before);
                        return Err(e);
                    }
                };
                out.truncate(before + n);
                self.done = n < CHUNK;
                if self.fresh && out.get(before..).is_some_and(|b| b.starts_with(b"\xef\xbb\xbf")) {
                    out.drain(before..before + 3);
                }
            }
            Some(decoder) => {
                let n = read_full(&mut self.input, &mut self.raw)?;
                self.done = n < CHUNK;
                let mut raw = self.raw.get(..n).unwrap_or_default();
                loop {
                    let at = out.len();
                    let room = decoder
                        .max_utf8_buffer_length_without_replacement(raw.len())
                        .unwrap_or(CHUNK * 4);
                    out.resize(at + room + 4, 0);
                    let slot = out.get_mut(at..).unwrap_or_default();
                    let (result, read, written) =
                        decoder.decode_to_utf8_without_replacement(raw, slot, self.done);
                    out.truncate(at + written);
                    raw = raw.get(read..).unwrap_or_default();
                    match result {
                        encoding_rs::DecoderResult::InputEmpty => break,
                        encoding_rs::DecoderResult::OutputFull => {}
                        encoding_rs::DecoderResult::Malformed(_, _) => {
                            self.malformed += 1;
                            out.extend_from_slice("\u{fffd}".as_bytes());
                        }
                    }
                }
            }
        }
        self.fresh = false;
        Ok(true)
    }
}

/// What the bytes of a whole file say of its encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodingGuess {
    /// The encoding to read with.
    pub encoding: Encoding,
    /// A byte-order mark said so.
    pub marked: bool,
    /// The file was nearly UTF-8: line of the first byte that is not.
    pub nearly_utf8: Option<u64>,
    /// Zero bytes that no text has: probably not a text file.
    pub binary: bool,
    /// Nothing at all in the file.
    pub empty: bool,
}

/// Reads the whole input: byte-order mark, else strict UTF-8, else Windows-1252.
pub fn guess_encoding(mut input: Box<dyn Read + Send>) -> io::Result<EncodingGuess> {
    let mut buffer = vec![0u8; CHUNK + 4];
    let mut kept = 0;
    let mut line = 1u64;
    let (mut wide, mut invalid) = (0u64, 0u64);
    let mut first_invalid = None;
    let mut fresh = true;
    let mut guess = EncodingGuess {
        encoding: Encoding::Utf8,
        marked: false,
        nearly_utf8: None,
        binary: false,
        empty: true,
    };
    loop {
        let slot = buffer.get_mut(kept..kept + CHUNK).unwrap_or_default();
        let n = read_full(&mut input, slot)?;
        let last = n < CHUNK;
        guess.empty &= n == 0;
        let mut text = buffer.get(..kept + n).unwrap_or_default();
        if fresh {
            fresh = false;
            let marked = match text {
                [0xff, 0xfe, ..] => Some(Encoding::Utf16Le),
                [0xfe, 0xff, ..] => Some(Encoding::Utf16Be),
                _ => None,
            };
            if let Some(encoding) = marked {
                // Read to the end all the same: a cut gzip must be seen now, not half-way.
                while read_full(&mut input, &mut buffer)? > 0 {}
                return Ok(EncodingGuess { encoding, marked: true, ..guess });
            }
            guess.marked = text.starts_with(b"\xef\xbb\xbf");
            guess.binary = memchr::memchr(0, text).is_some();
        }
        kept = 0;
        while !text.is_empty() {
            match std::str::from_utf8(text) {
                Ok(good) => {
                    wide += wide_characters(good);
                    if first_invalid.is_none() {
                        line += memchr::memchr_iter(b'\n', text).count() as u64;
                    }
                    break;
                }
                Err(e) => {
                    let (good, bad) = text.split_at(e.valid_up_to());
                    wide += wide_characters(good);
                    if first_invalid.is_none() {
                        line += memchr::memchr_iter(b'\n', good).count() as u64;
                    }
                    match e.error_len() {
                        // A character cut by the end of the chunk is looked at again.
                        None if !last => {
                            let tail = bad.to_vec();
                            kept = tail.len();
                            if let Some(start) = buffer.get_mut(..kept) {
                                start.copy_from_slice(&tail);
                            }
                            break;
                        }
                        length => {
                            invalid += 1;
                            first_invalid.get_or_insert(line);
                            text = bad.get(length.unwrap_or(bad.len())..).unwrap_or_default();
                        }
                    }
                }
            }
        }
        if last {
            break;
        }
    }
    if invalid > 0 {
        guess.encoding = Encoding::Windows1252;
        // Valid accents mostly, and few bytes that are not: somebody pasted two encodings.
        if guess.marked || wide > invalid {
            guess.nearly_utf8 = first_invalid;
        }
    }
    Ok(guess)
}

/// Characters of more than one byte in valid UTF-8.
fn wide_characters(good: impl AsRef<[u8]>) -> u64 {
    let good = good.as_ref();
    if good.is_ascii() {
        return 0;
    }
    good.iter().filter(|b| **b >= 0xc0).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn guess(bytes: &[u8]) -> EncodingGuess {
        guess_encoding(Box::new(Cursor::new(bytes.to_vec()))).unwrap_or_else(|e| panic!("{e}"))
    }
    fn decoded(bytes: &[u8], encoding: Encoding) -> (String, u64) {
        let mut decode = Decode::new(Box::new(Cursor::new(bytes.to_vec())), encoding);
        let mut out = Vec::new();
        while decode.fill(&mut out).unwrap_or_else(|e| panic!("{e}")) {}
        (String::from_utf8_lossy(&out).into_owned(), decode.malformed())
    }

    #[test]
    fn the_whole_file_decides_not_its_beginning() {
        let mut bytes = "élève\n".repeat(40_000).into_bytes();
        assert_eq!(guess(&bytes).encoding, Encoding::Utf8);
        bytes.extend_from_slice(b"caf\xe9\n");
        let late = guess(&bytes);
        assert_eq!((late.encoding, late.nearly_utf8), (Encoding::Windows1252, Some(40_001)));
        let latin = guess(&b"caf\xe9 \xe0 7 \x80\n".repeat(50_000));
        assert_eq!((latin.encoding, latin.nearly_utf8), (Encoding::Windows1252, None));
        assert!(guess(b"").empty);
        // A character cut by the very end of the file is not UTF-8.
        assert_eq!(guess(b"caf\xc3").encoding, Encoding::Windows1252);
    }

    #[test]
    fn a_character_across_two_chunks_is_one_character() {
        for shift in 0..4 {
            let mut text = "a".repeat(CHUNK - 3 + shift);
            text.push_str("é€😀fin");
            assert_eq!(guess(text.as_bytes()).encoding, Encoding::Utf8);
            assert_eq!(decoded(text.as_bytes(), Encoding::Utf8).0, text);
            let utf16: Vec<u8> = [0xfeff_u16]
                .into_iter()
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect();
            assert_eq!(guess(&utf16).encoding, Encoding::Utf16Le);
            assert_eq!(decoded(&utf16, Encoding::Utf16Le), (text, 0));
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_counted() {
        let (text, malformed) =
            decoded(&[0xff, 0xfe, b'a', 0, 0x00, 0xd8, b'b', 0], Encoding::Utf16Le);
        assert_eq!((text.as_str(), malformed), ("a\u{fffd}b", 1));
        assert_eq!(decoded(b"\x80\x9c\xe9", Encoding::Windows1252).0, "€œé");
    }
}
