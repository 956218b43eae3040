//! What the service knows: organisations and their areas, needs and who is responsible, words and emergencies.
//!
//! Everything is read from the files under `data/`, which say where each fact comes from.

pub mod contact;
pub mod directory;
pub mod districts;
pub mod files;
pub mod glossary;
pub mod needs;
pub mod phrasings;
pub mod signals;
