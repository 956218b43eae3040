//! The checked-in documents: true to the code, clean when published, useful to read.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod drift;
mod published;
mod useful;
