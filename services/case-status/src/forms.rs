//! The forms that producers answer in. Each file has the request and a pure function from an answer to what was
//! told; nothing here talks to anyone.

pub(crate) mod cases;
pub(crate) mod encoding;
pub(crate) mod errands;
pub(crate) mod mina_arenden;
pub(crate) mod swedish_time;
