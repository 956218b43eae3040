//! Reading `page` and `limit` as the profile wants them.

use model::{Page, Problem, ProblemKind};

use crate::Refusal;

/// The page that a caller asks for; what is not said is page 1 of 20 (FNS.08, FNS.09).
///
/// # Errors
/// A 400 problem when `limit` is not from 1 to `max_limit`, or `page` not from 1 to the largest `int64`, as documented.
/// A page after the last one is empty (FNS.14).
pub fn page(page: Option<u64>, limit: Option<u64>, max_limit: u64) -> Result<Page, Refusal> {
    Ok(Page {
        number: within("page", page.unwrap_or(Page::DEFAULT.number), i64::MAX.unsigned_abs())?,
        limit: within("limit", limit.unwrap_or(Page::DEFAULT.limit), max_limit)?,
    })
}

fn within(parameter: &str, value: u64, largest: u64) -> Result<u64, Refusal> {
    if (1..=largest).contains(&value) {
        return Ok(value);
    }
    let message = format!("must be a whole number from 1 to {largest}");
    Err(Problem::of(ProblemKind::InvalidParameter)
        .detail(format!("The query parameter '{parameter}' {message}."))
        .field(parameter, message)
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_documented_is_taken() {
        assert_eq!(page(None, None, 100).unwrap(), Page::DEFAULT);
        assert_eq!(page(Some(7), Some(100), 100).unwrap(), Page { number: 7, limit: 100 });
        for (number, limit) in [(0, 20), (1 << 63, 20), (1, 0), (1, 101)] {
            assert!(page(Some(number), Some(limit), 100).is_err(), "{number}, {limit}");
        }
    }
}
