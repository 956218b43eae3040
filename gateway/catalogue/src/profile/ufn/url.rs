//! A server's URL taken apart without repairing it: a URL library would lower the case and escape the blanks first.

/// The parts of an absolute URL, as written.
pub(super) struct Url<'a> {
    pub(super) scheme: &'a str,
    pub(super) host: &'a str,
    pub(super) port: Option<&'a str>,
    path: &'a str,
}

impl<'a> Url<'a> {
    /// `None`: relative, so nothing can be said about it.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        Some(Self {
            scheme,
            host,
            port,
            path,
        })
    }

    pub(super) fn path_parts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.path.split('/').filter(|part| !part.is_empty())
    }
}

/// What of one path part is fixed: `{caseId}` is filled in by the caller, `v{major}` leaves `v`.
pub(super) fn fixed_parts(part: &str) -> Vec<&str> {
    let mut fixed = Vec::new();
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('{') {
        fixed.push(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    fixed.push(rest);
    fixed.retain(|text| !text.is_empty());
    fixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_as_written() {
        let url = Url::parse("https://API.example.se:8443/a_b/v1/").unwrap();
        assert_eq!(
            (url.scheme, url.host, url.port),
            ("https", "API.example.se", Some("8443"))
        );
        assert_eq!(url.path_parts().collect::<Vec<_>>(), ["a_b", "v1"]);
        assert!(Url::parse("/v1").is_none());
        assert_eq!(Url::parse("http://[::1]/x").unwrap().port, None);
        assert_eq!(fixed_parts("v{major}-x"), ["v", "-x"]);
        assert!(fixed_parts("{caseId}").is_empty());
    }
}
