//! From a question to the responsible organisation: deterministic, in memory, no language model.
//!
//! The order of work is the order of the modules: [`cue`] words and [`index`]ed phrasings score every need, as does what
//! `ranking` learned from many more phrasings; [`emergency`] goes before all, [`place`] finds where the matter is,
//! [`responsible`] applies a need's rule, and [`decide`] chooses between an answer, a question back, "no authority", and an emergency.

pub mod cue;
pub mod decide;
pub mod emergency;
pub mod index;
mod learn;
mod linear;
pub mod place;
mod ranking;
pub mod responsible;

pub use decide::{Answer, AskBack, Candidate, Engine, Outcome, Question};
