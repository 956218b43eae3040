//! Where an API version is in its life: checks the dates and renders the headers that say so.

use crate::compile::Report;
use crate::draft::ApiDraft;
use crate::model::LifecycleState;
use http::header::{HeaderName, HeaderValue, LINK};
use jiff::Timestamp;

/// RFC 9745.
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// RFC 8594.
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// `Deprecation`, `Sunset` and `Link` of one API version, ready to be added to every answer.
pub(crate) fn headers(draft: &ApiDraft, base_path: &str, report: &mut Report<'_>) -> Vec<(HeaderName, HeaderValue)> {
    check_dates(draft, report);
    let mut headers = Vec::new();
    if let Some(at) = draft.deprecated_at {
        push(&mut headers, DEPRECATION, &format!("@{at}"));
        push(
            &mut headers,
            LINK,
            &format!("<{base_path}/docs>; rel=\"deprecation\"; type=\"text/html\""),
        );
    }
    if let Some(at) = draft.sunset_at {
        match http_date(at) {
            Some(date) => push(&mut headers, SUNSET, &date),
            None => report.field("sunset_at", "is not a time that can be written as an HTTP date"),
        }
    }
    if let Some(successor) = &draft.successor {
        if is_reference(successor) {
            push(&mut headers, LINK, &format!("<{successor}>; rel=\"successor-version\""));
        } else {
            report.field(
                "successor",
                format!("`{successor}` is neither an absolute URL nor a path beginning with `/`"),
            );
        }
    }
    headers
}

fn check_dates(draft: &ApiDraft, report: &mut Report<'_>) {
    if draft.state == LifecycleState::Deprecated && draft.deprecated_at.is_none() {
        report.field(
            "deprecated_at",
            "is missing; a deprecated API says since when (RFC 9745)",
        );
    }
    if let (Some(deprecated), Some(sunset)) = (draft.deprecated_at, draft.sunset_at)
        && sunset < deprecated
    {
        report.field(
            "sunset_at",
            "is before deprecated_at; an API is deprecated before it goes away (RFC 9745 section 4)",
        );
    }
}

/// Characters that would end the `<...>` of a `Link`, or the header, are not part of any URL.
fn is_reference(text: &str) -> bool {
    let absolute = text.starts_with("https://") || text.starts_with("http://");
    let path = text.starts_with('/') && !text.starts_with("//");
    (absolute || path)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&byte))
}

/// IMF-fixdate (RFC 9110 section 5.6.7); `None` outside the years that it can hold.
fn http_date(unix_seconds: i64) -> Option<String> {
    let time = Timestamp::from_second(unix_seconds).ok()?;
    let text = time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    // Years before 0 and after 9999 would not have four digits.
    (text.len() == "Sun, 06 Nov 1994 08:49:37 GMT".len()).then_some(text)
}

fn push(headers: &mut Vec<(HeaderName, HeaderValue)>, name: HeaderName, value: &str) {
    // Every part was checked to be visible ASCII, so this always is a header value.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.push((name, value));
    }
}
