//! Turning what people write into terms: normal form, stems, parts of compounds, and forgiven spelling.
//!
//! Everything here is deterministic and knows no needs; the words it knows come from a [`lexicon::Lexicon`].

pub mod analysis;
pub mod compound;
pub mod everyday;
pub mod fold;
pub mod language;
pub mod lexicon;
pub mod spell;
pub mod stem;
pub mod stopwords;
