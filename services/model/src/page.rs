//! A page of a list: which one is asked for, what it is described by, and the links around it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Links;

/// The `_meta` object of a list (FNS.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"totalRecords": 41, "page": 1, "offset": 0, "limit": 20, "count": 20}))]
pub struct Meta {
    /// How many records the whole answer has.
    pub total_records: u64,
    /// The page shown; the first is 1 (FNS.08).
    pub page: u64,
    /// How many records come before this page.
    pub offset: u64,
    /// At most how many records a page holds.
    pub limit: u64,
    /// How many records this page holds.
    pub count: u64,
}

/// Which page of a list is wanted. Pages start at 1; a page outside the list is empty (FNS.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The page's number. Zero is allowed on the wire and is always empty.
    pub number: u64,
    /// At most how many records a page holds; at least 1.
    pub limit: u64,
}

impl Page {
    /// What FNS.08 and FNS.09 say a caller gets who does not ask: the first page of 20.
    pub const DEFAULT: Self = Self { number: 1, limit: 20 };

    /// How many records come before this page.
    #[must_use]
    pub const fn offset(self) -> u64 {
        self.number.saturating_sub(1).saturating_mul(self.limit)
    }

    /// Cuts this page out of the whole list.
    #[must_use]
    pub fn cut<T>(self, all: Vec<T>) -> (Vec<T>, Meta) {
        let total_records = all.len() as u64;
        let offset = self.offset();
        let items: Vec<T> = if self.number == 0 {
            Vec::new()
        } else {
            let skip = usize::try_from(offset).unwrap_or(usize::MAX);
            let take = usize::try_from(self.limit).unwrap_or(usize::MAX);
            all.into_iter().skip(skip).take(take).collect()
        };
        let meta = Meta {
            total_records,
            page: self.number,
            offset,
            limit: self.limit,
            count: items.len() as u64,
        };
        (items, meta)
    }

    /// The links `self`, `first`, `last`, and `next` and `prev` where they exist (FNS.11).
    ///
    /// `url` is the absolute URL of the list without a query. `query` is every other parameter that the
    /// caller sent, percent-encoded, without page and limit (FNS.12); it may be empty.
    #[must_use]
    pub fn links(self, url: &str, query: &str, total_records: u64) -> Links {
        let limit = self.limit.max(1);
        let last = total_records.div_ceil(limit).max(1);
        let href = |number: u64| {
            let others = if query.is_empty() {
                String::new()
            } else {
                format!("{query}&")
            };
            format!("{url}?{others}page={number}&limit={limit}")
        };
        let mut links = Links::to_self(href(self.number))
            .and("first", href(1))
            .and("last", href(last));
        if self.number < last {
            links = links.and("next", href(self.number.saturating_add(1)));
        }
        if self.number > 1 {
            links = links.and("prev", href(self.number.saturating_sub(1).min(last)));
        }
        links
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_outside_the_list_is_empty_and_not_an_error() {
        for number in [0, 3, 99, u64::MAX] {
            let (items, meta) = Page { number, limit: 2 }.cut(vec![1, 2, 3]);
            assert!(items.is_empty(), "page {number}");
            assert_eq!((meta.total_records, meta.count), (3, 0));
        }
    }

    #[test]
    fn links_keep_the_other_parameters_of_the_first_request() {
        let links = Page { number: 2, limit: 2 }.links("https://x.example/a/v1/things", "open=true", 5);
        let href = |rel: &str| links.find(rel).map(|link| link.href.as_str());
        assert_eq!(
            href("self"),
            Some("https://x.example/a/v1/things?open=true&page=2&limit=2")
        );
        assert_eq!(
            href("first"),
            Some("https://x.example/a/v1/things?open=true&page=1&limit=2")
        );
        assert_eq!(
            href("last"),
            Some("https://x.example/a/v1/things?open=true&page=3&limit=2")
        );
        assert_eq!(
            href("next"),
            Some("https://x.example/a/v1/things?open=true&page=3&limit=2")
        );
        assert_eq!(
            href("prev"),
            Some("https://x.example/a/v1/things?open=true&page=1&limit=2")
        );
    }

    #[test]
    fn the_only_page_has_neither_next_nor_prev() {
        let links = Page::DEFAULT.links("https://x.example/a/v1/things", "", 0);
        assert!(links.find("next").is_none() && links.find("prev").is_none());
    }
}
