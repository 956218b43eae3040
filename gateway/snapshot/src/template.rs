//! Path templates: checks one and brings it to the shape by which two templates collide.

/// The template in the router's own form, with every parameter's name replaced by the same letter: `/cases/{caseId}`
/// and `/cases/{id}` have one shape, so they match the same paths.
///
/// # Errors
/// What is wrong with the template, in words.
pub(crate) fn shape(template: &str) -> Result<String, String> {
    if template == "/" {
        return Ok("/".to_owned());
    }
    let Some(relative) = template.strip_prefix('/') else {
        return Err("must begin with `/`".to_owned());
    };
    let mut shape = String::with_capacity(template.len());
    let mut segments = relative.split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        shape.push('/');
        push_segment(segment, last, &mut shape)?;
    }
    Ok(shape)
}

/// Checks one segment and appends its shape.
fn push_segment(segment: &str, last: bool, shape: &mut String) -> Result<(), String> {
    if segment.is_empty() && !last {
        return Err("has an empty segment (`//`)".to_owned());
    }
    if segment == "." || segment == ".." {
        return Err(format!("has a `{segment}` segment, which no normalised path holds"));
    }
    let Some((before, rest)) = segment.split_once('{') else {
        check_literal(segment)?;
        shape.push_str(segment);
        return Ok(());
    };
    let Some((name, after)) = rest.split_once('}') else {
        return Err(format!("has an unclosed `{{` in `{segment}`"));
    };
    if after.contains('{') {
        return Err(format!(
            "has more than one parameter in `{segment}`; give each its own segment"
        ));
    }
    let (name, wildcard) = match name.strip_prefix('*') {
        Some(name) => (name, true),
        None => (name, false),
    };
    if name.is_empty() || name.contains(['{', '*']) {
        return Err(format!("has a parameter without a proper name in `{segment}`"));
    }
    if wildcard && !(last && before.is_empty() && after.is_empty()) {
        return Err(format!(
            "has the wildcard `{{*{name}}}` where more follows; it must be the whole last segment"
        ));
    }
    check_literal(before)?;
    check_literal(after)?;
    shape.push_str(before);
    shape.push_str(if wildcard { "{*p}" } else { "{p}" });
    shape.push_str(after);
    Ok(())
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
    use super::shape;

    #[test]
    fn names_do_not_change_the_shape() {
        assert_eq!(shape("/cases/{caseId}"), shape("/cases/{id}"));
        assert_eq!(shape("/cases/{id}/events.{format}").unwrap(), "/cases/{p}/events.{p}");
        assert_eq!(shape("/files/{*path}").unwrap(), "/files/{*p}");
        assert_eq!(shape("/").unwrap(), "/");
        assert_eq!(shape("/cases/").unwrap(), "/cases/");
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
        .map(|template| shape(template).unwrap_err())
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
