//! What a file holds, byte by byte.

/// Whether some bytes are in others.
pub fn holds(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|w| w == part)
}
