//! What every page has: language, frame, headers.

use super::Web;
use super::cookies;
use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

const STYLE: &str = include_str!("../../../templates/people/style.css");

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Swedish,
    English,
}

impl Language {
    /// The one that was chosen, else the browser's, else Swedish.
    pub(super) fn of(headers: &HeaderMap, query: &str, secure: bool) -> Self {
        let chosen = form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "lang")
            .map(|(_, value)| value);
        let chosen = chosen
            .as_deref()
            .or_else(|| cookies::read(headers, cookies::LANGUAGE, secure));
        let wanted = chosen.or_else(|| headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok());
        let first = wanted
            .unwrap_or("sv")
            .split([',', ';', '-'])
            .next()
            .unwrap_or("sv")
            .trim();
        match first {
            "sv" | "nb" | "nn" | "no" | "da" | "*" | "" => Self::Swedish,
            _ => Self::English,
        }
    }

    pub(super) fn code(self) -> &'static str {
        self.say("sv", "en")
    }

    pub(super) fn other(self) -> &'static str {
        self.say("en", "sv")
    }

    pub(super) fn say(self, swedish: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::Swedish => swedish,
            Self::English => english,
        }
    }
}

/// A page that only says something, and leads on.
#[derive(Template)]
#[template(path = "people/message.html")]
pub(super) struct Message<'a> {
    pub(super) l: Language,
    pub(super) csrf: &'a str,
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    pub(super) action: &'a str,
    pub(super) address: &'a str,
}

impl Web {
    /// A whole page.
    pub(super) fn page(&self, status: StatusCode, language: Language, page: &impl Template) -> Response {
        // The login form's answer leads to the provider: browsers hold a redirect against `form-action` too.
        self.page_with_form_to(status, language, page, self.0.openid.issuer())
    }

    /// A whole page with a form whose answer leads to another site.
    pub(super) fn page_with_form_to(
        &self,
        status: StatusCode,
        language: Language,
        page: &impl Template,
        leads_to: &str,
    ) -> Response {
        let Ok(html) = page.render() else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let policy = format!(
            "default-src 'none'; style-src 'self'; form-action 'self' {}; frame-ancestors 'none'; base-uri 'none'",
            origin(leads_to)
        );
        let mut response = (status, html).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        private(headers);
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        if let Some(cookie) = cookies::write(cookies::LANGUAGE, language.code(), 31_536_000, self.secure()) {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// A page that only says something.
    pub(super) fn message(&self, status: StatusCode, language: Language, (title, text): (&str, &str)) -> Response {
        let page = Message {
            l: language,
            csrf: "",
            title,
            text,
            action: language.say("Till inloggningen", "To the login"),
            address: "/me/login",
        };
        self.page(status, language, &page)
    }

    /// For a form that another site made up.
    pub(super) fn not_from_here(&self, language: Language) -> Response {
        let text = language.say(
            "Formuläret kom inte från den här sidan. Inget har ändrats. Gå tillbaka och försök igen.",
            "The form did not come from this page. Nothing has changed. Go back and try again.",
        );
        let title = language.say("Det gick inte", "That did not work");
        self.message(StatusCode::FORBIDDEN, language, (title, text))
    }

    /// For a failure of ours.
    pub(super) fn failed(&self, language: Language, error: &(dyn std::error::Error + 'static)) -> Response {
        tracing::error!(error, "a page for a person could not be made");
        let text = language.say(
            "Felet är vårt. Försök igen om en stund.",
            "The fault is ours. Try again in a while.",
        );
        let title = language.say("Det gick inte just nu", "That did not work just now");
        self.message(StatusCode::SERVICE_UNAVAILABLE, language, (title, text))
    }
}

/// Scheme, host and port of an address, as a policy names them.
fn origin(address: &str) -> &str {
    let end = address.match_indices('/').nth(2).map_or(address.len(), |(at, _)| at);
    address.get(..end).unwrap_or_default()
}

/// Kept by nobody, shown in no frame, told to nobody.
pub(super) fn private(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Sends the browser on.
pub(super) fn see_other(to: &str, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    let Ok(location) = HeaderValue::from_str(to) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    private(headers);
    headers.insert(header::LOCATION, location);
    for cookie in cookies.into_iter().flatten() {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// The style sheet of the pages.
/// The style sheet
///
/// Sidornas utseende.
/// What the pages look like.
#[utoipa::path(
    get, path = "/style.css", operation_id = "getStyle", tag = "people",
    responses((status = 200, description = "Stilmallen. The style sheet.", body = String, content_type = "text/css"))
)]
pub(super) async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, STYLE).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_wins_over_the_browser() {
        let mut headers = HeaderMap::new();
        assert_eq!(Language::of(&headers, "", false), Language::Swedish);
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("fi-FI,fi;q=0.9"));
        assert_eq!(Language::of(&headers, "", false), Language::English);
        assert_eq!(Language::of(&headers, "lang=sv", false), Language::Swedish);
        headers.insert(header::COOKIE, HeaderValue::from_static("vagvisare-language=sv"));
        assert_eq!(Language::of(&headers, "", false), Language::Swedish);
        assert_eq!(Language::of(&headers, "lang=en", false), Language::English);
    }
}
