//! The commands with many options, a file each, and what options are made of.

mod growth;
mod scale;
mod tokens;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

pub(crate) use growth::GrowthOptions;
pub(crate) use scale::ScaleOptions;
pub(crate) use tokens::TokenOptions;

/// Writes `content` to `file`, where one is named.
pub(crate) fn write(file: Option<&Path>, content: &str) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    std::fs::write(file, format!("{content}\n")).with_context(|| format!("cannot write {}", file.display()))
}

/// `10s`, `500ms`, `2m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number
        .parse()
        .map_err(|_| format!("`{text}` is not a duration such as 10s, 500ms or 2m"))?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        _ => Err(format!("`{text}` needs a unit: ms, s or m")),
    }
}
