//! Seeded generator of a believable case-processing body.
