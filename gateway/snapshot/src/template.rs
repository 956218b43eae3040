//! Path templates: checks one and takes it apart. Names of parameters are left out: `/cases/{caseId}` and `/cases/{id}` match
//! the same paths, so they are the same template.

/// Longest template in bytes (REST profile UFN.05 keeps whole URLs under 2,048 characters).
const LONGEST: usize = 2_048;

/// Most segments that a template has.
pub(crate) const MOST_SEGMENTS: usize = 32;

/// One segment of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Segment<'a> {
    /// This text.
    Literal(&'a str),
    /// Any text but the empty one: `{id}`.
    Parameter,
    /// A parameter with text around it: `{id}.json`.
    Affixed {
        /// Text before it.
        prefix: &'a str,
        /// Text after it.
        suffix: &'a str,
    },
    /// All that follows, at least one character: `{*path}`.
    Wildcard,
}

impl<'a> Segment<'a> {
    /// The text of a literal.
    pub(crate) fn literal(&self) -> Option<&'a str> {
        match self {
            Segment::Literal(text) => Some(text),
            Segment::Parameter | Segment::Affixed { .. } | Segment::Wildcard => None,
        }
    }
}

/// Takes a template apart.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn segments(template: &str) -> Result<Vec<Segment<'_>>, String> {
    if template.len() > LONGEST {
        return Err(format!("is longer than {LONGEST} characters"));
    }
    let Some(relative) = template.strip_prefix('/') else {
        return Err("must begin with `/`".to_owned());
    };
    let mut found = Vec::new();
    let mut texts = relative.split('/').peekable();
    while let Some(text) = texts.next() {
        found.push(segment(text, texts.peek().is_none())?);
    }
    if found.len() > MOST_SEGMENTS {
        return Err(format!("has more than {MOST_SEGMENTS} segments"));
    }
    Ok(found)
}

/// Checks one segment.
fn segment(text: &str, last: bool) -> Result<Segment<'_>, String> {
    if text.is_empty() && !last {
        return Err("has an empty segment (`//`)".to_owned());
    }
    if text == "." || text == ".." {
        return Err(format!("has a `{text}` segment, which no normalised path holds"));
    }
    let Some((prefix, rest)) = text.split_once('{') else {
        check_literal(text)?;
        return Ok(Segment::Literal(text));
    };
    let Some((name, suffix)) = rest.split_once('}') else {
        return Err(format!("has an unclosed `{{` in `{text}`"));
    };
    if suffix.contains('{') {
        return Err(format!(
            "has more than one parameter in `{text}`; give each its own segment"
        ));
    }
    let bare = name.strip_prefix('*').unwrap_or(name);
    if bare.is_empty() || bare.contains(['{', '*']) {
        return Err(format!("has a parameter without a proper name in `{text}`"));
    }
    check_literal(prefix)?;
    check_literal(suffix)?;
    match (name == bare, prefix.is_empty() && suffix.is_empty()) {
        (true, true) => Ok(Segment::Parameter),
        (true, false) => Ok(Segment::Affixed { prefix, suffix }),
        (false, true) if last => Ok(Segment::Wildcard),
        (false, _) => Err(format!(
            "has the wildcard `{{{name}}}` where more follows; it must be the whole last segment"
        )),
    }
}

/// A literal holds what a normalised path can hold: RFC 3986 `pchar`, with percent-encoding in upper case.
fn check_literal(text: &str) -> Result<(), String> {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let good = match byte {
            b'%' => {
                let high = bytes.next().is_some_and(is_upper_hex);
                high && bytes.next().is_some_and(is_upper_hex)
            }
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte),
        };
        if !good {
            return Err(format!(
                "holds `{}` in `{text}`, which no URL path holds unescaped",
                char::from(byte)
            ));
        }
    }
    Ok(())
}

fn is_upper_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'F')
}

#[cfg(test)]
mod tests {
    use super::{Segment, segments};

    #[test]
    fn names_make_no_difference() {
        assert_eq!(segments("/cases/{caseId}"), segments("/cases/{id}"));
        let affixed = Segment::Affixed {
            prefix: "events.",
            suffix: "",
        };
        let expected = [Segment::Literal("cases"), Segment::Parameter, affixed];
        assert_eq!(segments("/cases/{id}/events.{format}").unwrap(), expected);
        assert_eq!(
            segments("/files/{*path}").unwrap(),
            [Segment::Literal("files"), Segment::Wildcard]
        );
        assert_eq!(segments("/").unwrap(), [Segment::Literal("")]);
        assert_eq!(
            segments("/cases/").unwrap(),
            [Segment::Literal("cases"), Segment::Literal("")]
        );
    }

    #[test]
    fn bad_templates_say_what_is_wrong() {
        let problems: Vec<String> = [
            "cases",
            "/a//b",
            "/a/../b",
            "/a/{id",
            "/a/{id}-{other}",
            "/a/{}",
            "/{*rest}/b",
            "/a b",
            "/å",
            "/%e5",
            "/a?b",
        ]
        .into_iter()
        .map(|template| segments(template).unwrap_err())
        .collect();
        assert_eq!(
            problems,
            [
                "must begin with `/`",
                "has an empty segment (`//`)",
                "has a `..` segment, which no normalised path holds",
                "has an unclosed `{` in `{id`",
                "has more than one parameter in `{id}-{other}`; give each its own segment",
                "has a parameter without a proper name in `{}`",
                "has the wildcard `{*rest}` where more follows; it must be the whole last segment",
                "holds ` ` in `a b`, which no URL path holds unescaped",
                "holds `Ã` in `å`, which no URL path holds unescaped",
                "holds `%` in `%e5`, which no URL path holds unescaped",
                "holds `?` in `a?b`, which no URL path holds unescaped",
            ]
        );
    }
}
