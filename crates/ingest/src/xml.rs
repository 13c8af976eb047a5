//! What the XML readers share: a bounded window over the bytes, the encoding
//! declared, attribute texts, and refusals that say where.
//!
//! No document type is ever read: a `DOCTYPE` refuses the file, so no entity of
//! its own exists and nothing can be expanded.

use std::{
    borrow::Cow,
    io::{self, BufRead, Read},
};

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, attributes::Attribute},
    name::QName,
};

use crate::{context::Context, error::IngestError, finding::Code};

/// Bytes of the window: a few hundred events at a time.
const WINDOW: usize = 256 << 10;
/// Windows one tag or comment may fill: 4 MiB, far beyond any honest attribute.
const WINDOWS_PER_TOKEN: u32 = 16;
/// Elements that may lie inside one another.
const DEPTH: usize = 256;

/// A buffer over a stream, which refuses a token that never ends.
pub(crate) struct Window<R> {
    inner: R,
    buffer: Box<[u8]>,
    from: usize,
    to: usize,
    refills: u32,
}

impl<R: Read> Window<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, buffer: vec![0; WINDOW].into(), from: 0, to: 0, refills: 0 }
    }

    /// A new token begins: its allowance is whole.
    #[inline]
    pub(crate) fn token(&mut self) {
        self.refills = 0;
    }
}

impl<R: Read> Read for Window<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(into)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: Read> BufRead for Window<R> {
    #[inline]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.from >= self.to {
            if self.refills >= WINDOWS_PER_TOKEN {
                return Err(io::Error::other(EndlessToken));
            }
            self.refills += 1;
            self.from = 0;
            self.to = 0;
            self.to = self.inner.read(&mut self.buffer)?.min(self.buffer.len());
        }
        Ok(self.buffer.get(self.from..self.to).unwrap_or_default())
    }

    #[inline]
    fn consume(&mut self, n: usize) {
        self.from = self.from.saturating_add(n).min(self.to);
    }
}

/// One tag, comment or text is longer than any honest one.
#[derive(Debug, thiserror::Error)]
#[error("one element is longer than {} bytes", WINDOW * WINDOWS_PER_TOKEN as usize)]
pub(crate) struct EndlessToken;

/// Bytes of another encoding, turned into UTF-8 on the way.
struct Transcoded<R> {
    inner: R,
    decoder: encoding_rs::Decoder,
    raw: Box<[u8]>,
    from: usize,
    to: usize,
    ended: bool,
    /// The decoder has given its last character and must not be called again.
    finished: bool,
}

impl<R: Read> Read for Transcoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.finished {
            if self.from >= self.to && !self.ended {
                self.from = 0;
                self.to = self.inner.read(&mut self.raw)?;
                self.ended = self.to == 0;
            }
            let source = self.raw.get(self.from..self.to).unwrap_or_default();
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(source, into, self.ended);
            self.from += read;
            if matches!(result, encoding_rs::DecoderResult::Malformed(..)) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, Undecodable));
            }
            self.finished = self.ended && matches!(result, encoding_rs::DecoderResult::InputEmpty);
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}

/// The bytes are not in the encoding the file declares.
#[derive(Debug, thiserror::Error)]
#[error("the bytes are not in the encoding declared")]
struct Undecodable;

/// The encoding named by the byte-order mark or the XML declaration.
fn declared(head: &[u8]) -> Result<&'static encoding_rs::Encoding, String> {
    match head {
        [0xef, 0xbb, 0xbf, ..] => return Ok(encoding_rs::UTF_8),
        [0xff, 0xfe, ..] | [b'<', 0, b'?', 0, ..] => return Ok(encoding_rs::UTF_16LE),
        [0xfe, 0xff, ..] | [0, b'<', 0, b'?', ..] => return Ok(encoding_rs::UTF_16BE),
        _ => {}
    }
    let text = String::from_utf8_lossy(head);
    let Some(declaration) = text.trim_start().strip_prefix("<?xml") else {
        return Ok(encoding_rs::UTF_8);
    };
    // A declaration that does not end says nothing: the parser will tell that the file is cut.
    let Some((declaration, _)) = declaration.split_once("?>") else {
        return Ok(encoding_rs::UTF_8);
    };
    let Some(after) = declaration.split("encoding").nth(1) else { return Ok(encoding_rs::UTF_8) };
    let name: String = after
        .chars()
        .skip_while(|c| c.is_whitespace() || matches!(c, '=' | '"' | '\''))
        .take_while(|c| !c.is_whitespace() && !matches!(c, '"' | '\''))
        .collect();
    match encoding_rs::Encoding::for_label(name.as_bytes()) {
        // Bytes that spell the declaration in one-byte letters are not UTF-16, whatever they say.
        Some(e) if e == encoding_rs::UTF_16LE || e == encoding_rs::UTF_16BE => {
            Ok(encoding_rs::UTF_8)
        }
        Some(e) => Ok(e),
        None => Err(name),
    }
}

/// A pull parser over a stream in any declared encoding.
pub(crate) struct XmlStream {
    pub(crate) reader: Reader<Window<Box<dyn Read + Send>>>,
    depth: usize,
}

impl XmlStream {
    pub(crate) fn new(
        mut input: Box<dyn Read + Send>,
        ctx: &Context<'_>,
    ) -> Result<Self, IngestError> {
        let mut head = vec![0; 512];
        let n = crate::source::read_full(&mut *input, &mut head).map_err(|e| ctx.read_error(e))?;
        head.truncate(n);
        let encoding = declared(&head).map_err(|name| {
            ctx.refusal(
                Code::BadEncoding,
                Some(1),
                format!("l’encodage déclaré « {name} » est inconnu : réexportez en UTF-8"),
                format!("the declared encoding {name:?} is unknown: export again as UTF-8"),
            )
        })?;
        let whole = io::Cursor::new(head).chain(input);
        let input: Box<dyn Read + Send> = if encoding == encoding_rs::UTF_8 {
            Box::new(whole)
        } else {
            Box::new(Transcoded {
                inner: whole,
                decoder: encoding.new_decoder_with_bom_removal(),
                raw: vec![0; 64 << 10].into(),
                from: 0,
                to: 0,
                ended: false,
                finished: false,
            })
        };
        let mut reader = Reader::from_reader(Window::new(input));
        let config = reader.config_mut();
        config.check_end_names = true;
        config.allow_dangling_amp = false;
        config.check_comments = false;
        Ok(Self { reader, depth: 0 })
    }

    /// An element opened; a tower of elements is refused.
    #[inline]
    pub(crate) fn enter(&mut self, ctx: &Context<'_>) -> Result<(), IngestError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(ctx.refusal(
                Code::Malformed,
                None,
                format!("plus de {DEPTH} éléments emboîtés : ce fichier n’est pas un journal"),
                format!("more than {DEPTH} nested elements: this file is not a log"),
            ));
        }
        Ok(())
    }

    /// An element closed.
    #[inline]
    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Elements still open.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Bytes of XML read so far.
    pub(crate) fn byte(&self) -> u64 {
        self.reader.buffer_position()
    }
}

/// Key and value of `<string key="…" value="…"/>`, still escaped.
///
/// The usual spelling is cut directly; any other goes through the parser's own
/// attribute reader.
#[inline]
pub(crate) fn key_value<'a>(tag: &'a BytesStart<'_>) -> (Option<&'a str>, Option<&'a str>) {
    fn usual(raw: &str) -> Option<(&str, &str)> {
        let rest = raw.strip_prefix(" key=\"")?;
        let end = memchr::memchr(b'"', rest.as_bytes())?;
        let (key, rest) = rest.split_at_checked(end)?;
        let rest = rest.strip_prefix("\" value=\"")?;
        let end = memchr::memchr(b'"', rest.as_bytes())?;
        let (value, rest) = rest.split_at_checked(end)?;
        (rest.len() == 1 || rest.trim_ascii_end().len() == 1).then_some((key, value))
    }
    if let Some((key, value)) = usual(tag.attributes_raw()) {
        return (Some(key), Some(value));
    }
    let (mut key, mut value) = (None, None);
    for attribute in tag.attributes().with_checks(false).flatten() {
        let slot = match attribute.key.as_ref() {
            "key" => &mut key,
            "value" => &mut value,
            _ => continue,
        };
        if let Cow::Borrowed(text) = attribute.value {
            *slot = Some(text);
        }
    }
    (key, value)
}

/// One attribute by its name without prefix, still escaped.
pub(crate) fn attribute<'a>(tag: &'a BytesStart<'_>, name: &str) -> Option<&'a str> {
    tag.attributes().with_checks(false).flatten().find_map(|a| {
        match (a.key.local_name().as_ref() == name, a.value) {
            (true, Cow::Borrowed(text)) => Some(text),
            _ => None,
        }
    })
}

/// The text of an attribute value: references resolved, line breaks made spaces.
/// A reference to an entity that XML does not define refuses the file.
#[inline]
pub(crate) fn plain<'a>(
    raw: &'a str,
    stream: &XmlStream,
    ctx: &Context<'_>,
) -> Result<Cow<'a, str>, IngestError> {
    // Without early exit the whole text is looked at by vector instructions.
    if !raw.bytes().fold(false, |odd, b| odd | (b == b'&') | (b < b' ')) {
        return Ok(Cow::Borrowed(raw));
    }
    normalised(raw, stream, ctx)
}

#[cold]
fn normalised<'a>(
    raw: &'a str,
    stream: &XmlStream,
    ctx: &Context<'_>,
) -> Result<Cow<'a, str>, IngestError> {
    Attribute { key: QName("value"), value: Cow::Borrowed(raw) }
        .normalized_value(XmlVersion::Explicit1_0)
        .map(|text| Cow::Owned(text.into_owned()))
        .map_err(|_| entity(ctx, stream.byte()))
}

/// The first characters of a file in whatever encoding it declares, for sniffing only.
pub(crate) fn sniffed(head: &[u8]) -> Cow<'_, str> {
    match declared(head) {
        Ok(encoding) => encoding.decode(head).0,
        Err(_) => String::from_utf8_lossy(head),
    }
}

/// A document type or an undefined entity: refused, never expanded.
pub(crate) fn entity(ctx: &Context<'_>, byte: u64) -> IngestError {
    ctx.refusal(
        Code::XmlEntity,
        None,
        format!(
            "le fichier XML contient un DOCTYPE ou une entité, refusés par sécurité (octet {byte}) : réexportez le journal sans DOCTYPE"
        ),
        format!(
            "the XML file holds a DOCTYPE or an entity, refused for safety (byte {byte}): export the log without DOCTYPE"
        ),
    )
}

/// The file ends before its last element is closed.
pub(crate) fn truncated(ctx: &Context<'_>, byte: u64, events: u64) -> IngestError {
    ctx.refusal(
        Code::Truncated,
        Some(events),
        format!(
            "le fichier XML est coupé avant sa fin (octet {byte}, après {events} événements) : rien n’est importé, demandez un nouvel envoi complet"
        ),
        format!(
            "the XML file is cut before its end (byte {byte}, after {events} events): nothing is imported, ask for a complete delivery"
        ),
    )
}

/// Says what an error of the parser means.
pub(crate) fn parse_error(
    ctx: &Context<'_>,
    byte: u64,
    events: u64,
    error: &quick_xml::Error,
) -> IngestError {
    match error {
        quick_xml::Error::Io(cause) => {
            if cause.get_ref().is_some_and(|e| e.is::<EndlessToken>()) {
                return ctx.refusal(
                    Code::TooExpanded,
                    Some(events),
                    format!("un seul élément XML dépasse 4 Mio (octet {byte}) : ce fichier n’est pas un journal"),
                    format!("one XML element is larger than 4 MiB (byte {byte}): this file is not a log"),
                );
            }
            if cause.get_ref().is_some_and(|e| e.is::<Undecodable>()) {
                return undecodable(ctx, byte);
            }
            if let Some(bomb) =
                cause.get_ref().and_then(|e| e.downcast_ref::<crate::source::TooExpanded>())
            {
                let again = crate::source::TooExpanded { ratio: bomb.ratio };
                return ctx.read_error(io::Error::other(again));
            }
            match cause.kind() {
                io::ErrorKind::UnexpectedEof => truncated(ctx, byte, events),
                kind => ctx.read_error(io::Error::new(kind, cause.to_string())),
            }
        }
        // Each of these means the end came inside a tag, a comment or a quoted value…
        quick_xml::Error::Syntax(quick_xml::errors::SyntaxError::InvalidBangMarkup) => {
            malformed(ctx, byte, events, error)
        }
        quick_xml::Error::Syntax(_) => truncated(ctx, byte, events),
        quick_xml::Error::Encoding(_) => undecodable(ctx, byte),
        quick_xml::Error::Escape(_) => entity(ctx, byte),
        other => malformed(ctx, byte, events, other),
    }
}

fn undecodable(ctx: &Context<'_>, byte: u64) -> IngestError {
    ctx.refusal(
        Code::BadEncoding,
        None,
        format!("des octets ne sont pas dans l’encodage déclaré (près de l’octet {byte}) : réexportez en UTF-8"),
        format!("some bytes are not in the declared encoding (near byte {byte}): export again as UTF-8"),
    )
}

pub(crate) fn malformed(
    ctx: &Context<'_>,
    byte: u64,
    events: u64,
    cause: &dyn std::fmt::Display,
) -> IngestError {
    ctx.refusal(
        Code::Malformed,
        Some(events),
        format!("le XML est mal formé (octet {byte}, après {events} événements : {cause}) : réexportez le journal"),
        format!("the XML is malformed (byte {byte}, after {events} events: {cause}): export the log again"),
    )
}
