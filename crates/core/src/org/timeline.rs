//! What holds when: pieces that follow each other in time.
//!
//! - Computes: a timeline cut at a day, and the shortest way to write one.
//! - Units: civil days, first and last included.
//! - Shapes: pieces in any order in, pieces by first day out.
//! - Errors: none.
//! - Source: `docs/methods/organisation.md`.

use jiff::civil::Date;

use super::{DatedFact, Edit, Fact, PersonId, Validity};

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
    let by_dates = |piece: &Piece<T>| (piece.valid.from, piece.valid.to.is_none(), piece.valid.to);
    pieces.sort_by_key(by_dates);
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
    // A piece that grew may now end after another that began the same day.
    kept.sort_by_key(by_dates);
    kept
}

/// Whether a piece begins before or right after another, that began earlier, ends.
fn reaches<T>(earlier: &Piece<T>, later: &Piece<T>) -> bool {
    let Some(end) = earlier.valid.to else { return true };
    end.tomorrow().map_or(true, |next| later.valid.from <= next)
}

/// The edits that make some facts of a person say, from `start` on, what `wanted` says, and
/// what they said before `start`. Facts that already say it are left alone, whatever their
/// source: the same list delivered twice changes nothing.
///
/// `facts` are those of one kind that exclude or follow each other: the contracts, the teams,
/// one skill.
pub fn reconcile(
    person: &PersonId,
    facts: &[&DatedFact],
    start: Date,
    wanted: Vec<Piece<Fact>>,
    source: &str,
) -> Vec<Edit> {
    let known: Vec<Piece<Fact>> =
        facts.iter().map(|f| Piece { valid: f.valid, content: f.fact.clone() }).collect();
    let mut pieces = cut_before(&known, start);
    pieces.extend(wanted);
    let mut missing = merged(pieces);
    let mut left: Vec<&DatedFact> = facts.to_vec();
    left.retain(|fact| {
        let same = |p: &Piece<Fact>| p.valid == fact.valid && p.content == fact.fact;
        match missing.iter().position(same) {
            Some(at) => {
                missing.remove(at);
                false
            }
            None => true,
        }
    });
    let mut edits = Vec::new();
    let person = || person.clone();
    // A record goes on rather than ending for another to begin: first what says the same from
    // the same day, then what says the same, then what begins the same day.
    let kin: [fn(&DatedFact, &Piece<Fact>) -> bool; 3] = [
        |fact, piece| fact.fact == piece.content && fact.valid.from == piece.valid.from,
        |fact, piece| fact.fact == piece.content,
        |fact, piece| fact.valid.from == piece.valid.from,
    ];
    for alike in kin {
        left.retain(|fact| {
            let Some(at) = missing.iter().position(|piece| alike(fact, piece)) else {
                return true;
            };
            let piece = missing.remove(at);
            let fact = DatedFact {
                valid: piece.valid,
                fact: piece.content,
                source: source.to_owned(),
                ..(*fact).clone()
            };
            edits.push(Edit::PutFact { person: person(), fact });
            false
        });
    }
    edits.extend(left.into_iter().map(|fact| Edit::DropFact {
        person: person(),
        fact: fact.id,
        version: fact.version,
    }));
    edits.extend(missing.into_iter().map(|piece| Edit::AddFact {
        person: person(),
        fact: DatedFact {
            id: 0,
            valid: piece.valid,
            fact: piece.content,
            source: source.to_owned(),
            version: 0,
        },
    }));
    edits
}
