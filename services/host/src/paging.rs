//! Reading `page` and `limit` as the profile wants them.

use model::{Page, Problem, ProblemKind};

use crate::Refusal;

/// The page that a caller asks for; what is not said is page 1 of 20 (FNS.08, FNS.09).
///
/// # Errors
/// A 400 problem when `limit` is not from 1 to `max_limit`. Any page number is fine: outside the list it
/// is empty (FNS.14).
pub fn page(page: Option<u64>, limit: Option<u64>, max_limit: u64) -> Result<Page, Refusal> {
    let limit = limit.unwrap_or(Page::DEFAULT.limit);
    if !(1..=max_limit).contains(&limit) {
        let message = format!("must be a whole number from 1 to {max_limit}");
        return Err(Problem::of(ProblemKind::InvalidParameter)
            .detail(format!("The query parameter 'limit' {message}."))
            .field("limit", message)
            .into());
    }
    Ok(Page {
        number: page.unwrap_or(Page::DEFAULT.number),
        limit,
    })
}
