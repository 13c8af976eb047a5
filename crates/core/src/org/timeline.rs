//! What holds when: pieces that follow each other in time.
//!
//! - Computes: a timeline cut at a day, and the shortest way to write one.
//! - Units: civil days, first and last included.
//! - Shapes: pieces in any order in, pieces by first day out.
//! - Errors: none.
//! - Source: `docs/methods/organisation.md`.

use jiff::civil::Date;

use super::Validity;

/// Something that holds during some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Piece<T> {
    /// When.
    pub valid: Validity,
    /// What.
    pub content: T,
}

/// What the pieces say of the days before `day`.
pub fn cut_before<T: Clone>(pieces: &[Piece<T>], day: Date) -> Vec<Piece<T>> {
    let Ok(last) = day.yesterday() else { return Vec::new() };
    pieces
        .iter()
        .filter(|piece| piece.valid.from <= last)
        .map(|piece| {
            let to = piece.valid.to.map_or(last, |to| to.min(last));
            Piece {
                valid: Validity { to: Some(to), ..piece.valid },
                content: piece.content.clone(),
            }
        })
        .collect()
}

/// The same days said in as few pieces as possible, by first day: pieces that say the same
/// and touch or overlap become one.
pub fn merged<T: PartialEq>(mut pieces: Vec<Piece<T>>) -> Vec<Piece<T>> {
    pieces.sort_by_key(|piece| (piece.valid.from, piece.valid.to.is_none(), piece.valid.to));
    let mut kept: Vec<Piece<T>> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let joined = kept.iter_mut().find(|k| k.content == piece.content && reaches(k, &piece));
        match joined {
            Some(known) => {
                known.valid.to = match (known.valid.to, piece.valid.to) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    _ => None,
                }
            }
            None => kept.push(piece),
        }
    }
    kept
}

/// Whether a piece begins before or right after another, that began earlier, ends.
fn reaches<T>(earlier: &Piece<T>, later: &Piece<T>) -> bool {
    let Some(end) = earlier.valid.to else { return true };
    end.tomorrow().map_or(true, |next| later.valid.from <= next)
}
