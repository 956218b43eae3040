//! The text of `RateLimit-Policy` and `RateLimit`, after draft-ietf-httpapi-ratelimit-headers: lists of quoted strings
//! with parameters (RFC 9651).

use snapshot::LimitPolicy;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// `"minute";q=60;w=60, "day";q=1000;w=86400`: quota `q` per `w` seconds, a window rounded up to whole seconds.
pub fn ratelimit_policy_header(policies: &[Arc<LimitPolicy>]) -> String {
    let mut text = String::with_capacity(policies.len() * 32);
    for policy in policies {
        if !text.is_empty() {
            text.push_str(", ");
        }
        push_quoted(&mut text, &policy.name);
        // Writing to a String cannot fail.
        let _ = write!(text, ";q={};w={}", policy.quota, whole_seconds(policy.window).max(1));
    }
    text
}

/// `"minute";r=12;t=9`: `remaining` calls may follow at once; in `t` seconds (rounded up) the policy is as if unused.
pub fn ratelimit_header(policy: &LimitPolicy, remaining: u32, reset: Duration) -> String {
    let mut text = String::with_capacity(32);
    push_quoted(&mut text, &policy.name);
    let _ = write!(text, ";r={remaining};t={}", whole_seconds(reset));
    text
}

/// Seconds, rounded up: who waits that long has waited long enough.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration
        .as_secs()
        .saturating_add(u64::from(duration.subsec_nanos() > 0))
}

/// A structured-field string (RFC 9651, section 3.3.3): printable ASCII, `"` and `\` escaped, anything else as `?`.
fn push_quoted(text: &mut String, name: &str) {
    text.push('"');
    for character in name.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            ' '..='~' => text.push(character),
            _ => text.push('?'),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use snapshot::LimitPer;
    use std::num::NonZeroU32;

    fn policy(name: &str, quota: u32, window: Duration) -> Arc<LimitPolicy> {
        Arc::new(LimitPolicy {
            id: "p".into(),
            name: name.into(),
            per: LimitPer::Api,
            quota: NonZeroU32::new(quota).unwrap(),
            window,
            burst: NonZeroU32::MIN,
            shared: None,
            calendar: None,
        })
    }

    #[test]
    fn policies_are_a_list_in_order() {
        let policies = [
            policy("minute", 60, Duration::from_secs(60)),
            policy("day", 1000, Duration::from_secs(86_400)),
        ];
        assert_eq!(
            ratelimit_policy_header(&policies),
            r#""minute";q=60;w=60, "day";q=1000;w=86400"#
        );
        assert_eq!(ratelimit_policy_header(&[]), "");
    }

    #[test]
    fn times_are_rounded_up() {
        let policy = policy("p", 5, Duration::from_millis(200));
        assert_eq!(ratelimit_policy_header(std::slice::from_ref(&policy)), r#""p";q=5;w=1"#);
        assert_eq!(
            ratelimit_header(&policy, 3, Duration::from_nanos(1_000_000_001)),
            r#""p";r=3;t=2"#
        );
        assert_eq!(ratelimit_header(&policy, 3, Duration::ZERO), r#""p";r=3;t=0"#);
    }

    #[test]
    fn a_name_cannot_break_out_of_its_quotes() {
        let policy = policy("a\"b\\c\r\nd\u{e5}\u{7f}", 1, Duration::from_secs(1));
        assert_eq!(
            ratelimit_header(&policy, 0, Duration::ZERO),
            r#""a\"b\\c??d??";r=0;t=0"#
        );
    }
}
