//! Whom do I ask: an everyday question gets the responsible public organisation, the reason, and how to reach it.
//!
//! The [`engine`] is pure and in memory; [`data`] is what it knows, [`life`] what happens in
//! lives as ordered steps, [`entries`] what organisations say of themselves, [`text`] how it reads, [`report`] how well it does on
//! questions with known answers. Around it stand the store that the directory is kept in and the API.

mod api;
pub mod data;
pub mod engine;
pub mod entries;
pub mod life;
pub mod report;
mod service;
pub mod store;
pub mod text;

pub use api::{entries_openapi, life_openapi, openapi};
pub use service::{ContactRoutingConfig, service};

use data::files::DataError;
use engine::Engine;

/// An engine over the data files alone, without a store.
///
/// # Errors
/// A data file that is not in its form.
pub fn engine_from_files() -> Result<Engine, DataError> {
    let directory = data::directory::Directory::new(data::directory::organisations()?)?;
    Engine::new(directory, data::needs::needs()?)
}
