//! Cookies: `HttpOnly`, `SameSite=Lax`, this host only; `Secure` with the `__Host-` prefix over https.

use axum::http::{HeaderMap, HeaderValue, header};

/// The session.
pub(super) const SESSION: &str = "vagvisare-session";
/// A login on its way.
pub(super) const LOGIN: &str = "vagvisare-login";
/// What an application waits to hear.
pub(super) const REQUEST: &str = "vagvisare-request";
/// The language that was chosen.
pub(super) const LANGUAGE: &str = "vagvisare-language";

fn full(name: &str, secure: bool) -> String {
    if secure {
        format!("__Host-{name}")
    } else {
        name.to_owned()
    }
}

/// The cookie of that name, if there is exactly one: of two, one may be somebody else's doing.
pub(super) fn read<'a>(headers: &'a HeaderMap, name: &str, secure: bool) -> Option<&'a str> {
    let wanted = full(name, secure);
    let all = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let pairs = all
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(known, _)| *known == wanted).map(|(_, value)| value);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Sets a cookie for `seconds`; 0 removes it.
pub(super) fn write(name: &str, value: &str, seconds: u32, secure: bool) -> Option<HeaderValue> {
    let flag = if secure { "; Secure" } else { "" };
    let name = full(name, secure);
    HeaderValue::from_str(&format!(
        "{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{flag}"
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_cookies_of_a_name_none_is_believed() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=1; vagvisare-session=x"));
        assert_eq!(read(&headers, SESSION, false), Some("x"));
        assert_eq!(read(&headers, SESSION, true), None);
        headers.append(header::COOKIE, HeaderValue::from_static("vagvisare-session=y"));
        assert_eq!(read(&headers, SESSION, false), None);
    }

    #[test]
    fn over_https_a_cookie_is_secure_and_bound_to_the_host() {
        let cookie = write(SESSION, "x", 60, true).unwrap();
        assert_eq!(
            cookie,
            "__Host-vagvisare-session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
    }
}
