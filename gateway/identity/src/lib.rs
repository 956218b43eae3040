//! Who calls: API keys and access tokens, told apart from forgeries. Knows no HTTP status and keeps no database.
//!
//! [`api_key`] makes, reads and checks keys. [`token`] verifies JWT access tokens (RFC 9068) against key sets that it
//! keeps fresh; a token seen before is answered from memory.

pub mod api_key;
mod json;
pub mod token;
