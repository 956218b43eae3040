//! What an operation answers with by its own document's examples, rendered once, when the snapshot is built.

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

/// The operations of one API, by method and path under its base path: `GET /cases/{caseId}`.
pub type Mocks = HashMap<String, Arc<Mock>>;

/// One operation's answers, in the document's order.
#[derive(Debug, Clone, Default)]
pub struct Mock {
    /// One for each status, media type and example.
    pub answers: Vec<MockAnswer>,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct MockAnswer {
    /// What the document says it for.
    pub status: MockStatus,
    /// `Content-Type`; `None`: it has no body.
    pub media_type: Option<HeaderValue>,
    /// The example's name; `None`: it has none, or was made from the schema.
    pub example: Option<Box<str>>,
    /// The body.
    pub body: Bytes,
}

/// Which statuses a document describes an answer for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MockStatus {
    /// `200`.
    Exactly(StatusCode),
    /// `2XX`, by its first digit.
    Class(u16),
    /// `default`.
    Default,
}

/// What a caller asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WantedMock<'a> {
    /// With this status; a success unless given.
    pub code: Option<StatusCode>,
    /// With this name; the first one unless given.
    pub example: Option<&'a str>,
    /// `Accept`: where there are several media types, the first one that it names.
    pub accept: Option<&'a str>,
}

impl MockStatus {
    /// Reads a key of `responses`. `None`: no final status.
    pub fn read(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("default") {
            return Some(Self::Default);
        }
        let (class, rest) = text.split_at_checked(1)?;
        if rest.eq_ignore_ascii_case("xx") {
            let class = class.parse().ok()?;
            return (2..=5).contains(&class).then_some(Self::Class(class));
        }
        let code = text.parse().ok().filter(|code| (200..600).contains(code))?;
        StatusCode::from_u16(code).ok().map(Self::Exactly)
    }

    /// How closely it describes this status, the closest first; `None`: not at all.
    fn distance(self, code: StatusCode) -> Option<u8> {
        match self {
            Self::Exactly(own) => (own == code).then_some(0),
            Self::Class(class) => (code.as_u16() / 100 == class).then_some(1),
            Self::Default => Some(2),
        }
    }

    /// The status that it stands for by itself; `default` stands for none.
    fn own(self) -> Option<StatusCode> {
        match self {
            Self::Exactly(code) => Some(code),
            Self::Class(class) => StatusCode::from_u16(class * 100).ok(),
            Self::Default => None,
        }
    }
}

impl std::fmt::Display for MockStatus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(code) => write!(formatter, "{}", code.as_u16()),
            Self::Class(class) => write!(formatter, "{class}XX"),
            Self::Default => formatter.write_str("default"),
        }
    }
}

impl Mock {
    /// The answer that is asked for, with its status; `None`: there is no such one.
    pub fn find(&self, wanted: WantedMock<'_>) -> Option<(StatusCode, &MockAnswer)> {
        let named = |answer: &&MockAnswer| {
            wanted
                .example
                .is_none_or(|name| answer.example.as_deref() == Some(name))
        };
        let status = match wanted.code {
            // The closest description is the one that holds, whether it has the example or not.
            Some(code) => {
                let all = self.answers.iter().map(|answer| answer.status);
                let closest = all.filter_map(|status| Some((status.distance(code)?, status)));
                closest.min_by_key(|(distance, _)| *distance)?.1
            }
            None => {
                let with_own = |answer: &&MockAnswer| answer.status.own().is_some();
                let mut all = self.answers.iter().filter(with_own).filter(named);
                let success = |answer: &&MockAnswer| answer.status.own().is_some_and(|status| status.is_success());
                all.clone().find(success).or_else(|| all.next())?.status
            }
        };
        let code = wanted.code.or(status.own())?;
        let mut fitting = self
            .answers
            .iter()
            .filter(|answer| answer.status == status)
            .filter(named);
        let accepted = |answer: &&MockAnswer| {
            let of = answer
                .media_type
                .as_ref()
                .and_then(|media_type| media_type.to_str().ok());
            accepts(wanted.accept, of.unwrap_or_default())
        };
        let answer = fitting.clone().find(accepted).or_else(|| fitting.next())?;
        Some((code, answer))
    }

    /// What may be asked for, for people: "200 (`one`, `two`), 404, default".
    pub fn known(&self) -> String {
        let mut text = String::new();
        let mut told: Vec<MockStatus> = Vec::new();
        for answer in &self.answers {
            if told.contains(&answer.status) {
                continue;
            }
            told.push(answer.status);
            if !text.is_empty() {
                text.push_str(", ");
            }
            let _ = write!(text, "{}", answer.status);
            let mut names: Vec<&str> = Vec::new();
            for name in self.answers.iter().filter(|other| other.status == answer.status) {
                if let Some(name) = name.example.as_deref()
                    && !names.contains(&name)
                {
                    names.push(name);
                }
            }
            if !names.is_empty() {
                let _ = write!(text, " (`{}`)", names.join("`, `"));
            }
        }
        text
    }
}

/// Whether `Accept` (RFC 9110 section 12.5.1) names this media type. Weights are not looked at, but for 0.
fn accepts(accept: Option<&str>, media_type: &str) -> bool {
    let essence = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let own = essence(media_type);
    let Some(accept) = accept else { return true };
    accept.split(',').any(|range| {
        let refused = range.split(';').skip(1).any(|parameter| {
            let weight = parameter
                .trim()
                .strip_prefix("q=")
                .and_then(|weight| weight.parse::<f32>().ok());
            weight == Some(0.0)
        });
        let range = essence(range);
        let fits = range == "*/*"
            || range == own
            || range
                .strip_suffix('*')
                .is_some_and(|start| start.ends_with('/') && own.starts_with(start));
        fits && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mock() -> Mock {
        let answer = |status: &str, media_type: &'static str, example: Option<&str>| MockAnswer {
            status: MockStatus::read(status).unwrap_or(MockStatus::Default),
            media_type: Some(HeaderValue::from_static(media_type)),
            example: example.map(Box::from),
            body: Bytes::from(format!("{status} {media_type} {example:?}")),
        };
        Mock {
            answers: vec![
                answer("404", "application/problem+json", Some("missing")),
                answer("200", "application/json", Some("one")),
                answer("200", "application/json", Some("two")),
                answer("200", "text/csv; header=present", Some("one")),
                answer("4XX", "application/problem+json", None),
                answer("default", "application/problem+json", Some("any")),
            ],
        }
    }

    fn found(code: Option<u16>, example: Option<&str>, accept: Option<&str>) -> Option<(u16, String)> {
        let wanted = WantedMock {
            code: code.and_then(|code| StatusCode::from_u16(code).ok()),
            example,
            accept,
        };
        let mock = mock();
        let (status, answer) = mock.find(wanted)?;
        Some((status.as_u16(), String::from_utf8_lossy(&answer.body).into_owned()))
    }

    #[test]
    fn the_closest_description_answers() {
        let text = |status: u16, text: &str| Some((status, text.to_owned()));
        assert_eq!(found(None, None, None), text(200, "200 application/json Some(\"one\")"));
        assert_eq!(
            found(Some(200), Some("two"), None),
            text(200, "200 application/json Some(\"two\")")
        );
        assert_eq!(
            found(None, Some("missing"), None),
            text(404, "404 application/problem+json Some(\"missing\")")
        );
        assert_eq!(
            found(Some(403), None, None),
            text(403, "4XX application/problem+json None")
        );
        assert_eq!(
            found(Some(503), Some("any"), None),
            text(503, "default application/problem+json Some(\"any\")")
        );
        assert_eq!(found(Some(404), Some("one"), None), None);
        assert_eq!(found(Some(200), Some("three"), None), None);
        assert_eq!(found(None, Some("any"), None), None, "default alone says no status");
    }

    #[test]
    fn accept_chooses_among_media_types_and_refuses_none() {
        let csv = "200 text/csv; header=present Some(\"one\")";
        let json = "200 application/json Some(\"one\")";
        for (accept, body) in [
            ("text/csv", csv),
            ("TEXT/*;q=0.1, application/json;q=0", csv),
            ("application/json", json),
            ("*/*", json),
            ("image/png", json),
        ] {
            assert_eq!(
                found(Some(200), Some("one"), Some(accept))
                    .map(|(_, body)| body)
                    .as_deref(),
                Some(body)
            );
        }
    }

    #[test]
    fn what_there_is_is_told_in_a_line() {
        assert_eq!(
            mock().known(),
            "404 (`missing`), 200 (`one`, `two`), 4XX, default (`any`)"
        );
        for text in ["", "99", "100", "600", "20", "1XX", "6xx", "x"] {
            assert_eq!(MockStatus::read(text), None, "{text}");
        }
        assert_eq!(MockStatus::read("5xx"), Some(MockStatus::Class(5)));
    }
}
