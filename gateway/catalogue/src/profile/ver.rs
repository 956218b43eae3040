//! Versionshantering.

use super::{Report, Rule, Severity};
use crate::spec::Spec;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "VER.05",
        severity: Severity::Warning,
        text: "The URL holds the major version as v[x]",
        text_sv: "Version bör anges i URL enligt formatet v[x], där x är huvudversionens nummer.",
        mend: "End the server's URL with the major version, `/v1`.",
        check: version_in_url,
    },
    Rule {
        id: "VER.06",
        severity: Severity::Error,
        text: "The resource api-info tells about the API",
        text_sv: "Information om ett API ska tillgängliggöras via resursen api-info under roten till API:et.",
        mend: "Add the path `/api-info`.",
        check: api_info,
    },
];

fn version_in_url(spec: &Spec<'_>, report: &mut Report) {
    for (place, url) in spec.servers() {
        let mut parts = url.split('/');
        if !parts.any(is_major) {
            report.add(place, format!("{url} holds no version"));
        }
    }
}

fn is_major(part: &str) -> bool {
    part.strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn api_info(spec: &Spec<'_>, report: &mut Report) {
    if !spec
        .paths
        .iter()
        .any(|(path, _)| path.trim_end_matches('/') == "/api-info")
    {
        report.add("/paths", "there is no /api-info");
    }
}
