//! Routes for other services of the same organisation (`/internal/..`), which call by themselves and not as a part of
//! answering anybody. They show a key that both read from a file, since there is no caller whom the gateway could vouch for.

use std::fmt;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use model::ProblemKind;

use crate::Refusal;

/// Fewest characters of a key: 32 of them hold 128 bits even in hexadecimal.
const SHORTEST: usize = 32;

/// What services of one organisation show each other (`Authorization: Bearer`).
#[derive(Clone)]
pub struct InternalKey(Arc<str>);

impl fmt::Debug for InternalKey {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InternalKey")
    }
}

impl InternalKey {
    /// A key of at least 32 visible ASCII characters; `None`: it is shorter, or holds something else.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = text.len() >= SHORTEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.into()))
    }

    /// Reads a file that holds nothing else.
    ///
    /// # Errors
    /// A file that cannot be read, that others than its owner may read, or that holds no such key.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        let shown = file.display();
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
        let others = Permissions::mode(&std::fs::metadata(file)?.permissions()) & 0o077;
        ensure!(
            others == 0,
            "{shown} must be readable by its owner only: chmod 600 {shown}"
        );
        Self::new(text.trim()).with_context(|| format!("{shown} must hold {SHORTEST} visible characters or more"))
    }

    /// Shows the key in a request to another service.
    pub fn show(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        request.bearer_auth(&self.0)
    }

    /// Lets only those in that show the key.
    pub(crate) fn guard(&self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(self.clone(), guard))
    }

    fn is(&self, shown: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), shown.as_bytes()).is_ok()
    }
}

async fn guard(State(key): State<InternalKey>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION);
    let shown = shown.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if shown.is_some_and(|shown| key.is(shown)) {
        return next.run(request).await;
    }
    let detail = "This is for other services of the same organisation: show the key of --internal-key-file as \
                  'Authorization: Bearer'.";
    Refusal::of(ProblemKind::UntrustedCaller, detail).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_its_owners_alone_and_long_enough() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let write = |text: &str, mode: u32| {
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            InternalKey::load(&file).map_err(|error| error.to_string())
        };
        let long = "0123456789abcdef0123456789abcdef";
        assert!(write(&format!("{long}\n"), 0o600).unwrap().is(long));
        assert!(write(long, 0o640).unwrap_err().contains("chmod 600"));
        assert!(write("short", 0o600).unwrap_err().contains("32 visible"));
        assert!(
            write(&format!("{long} {long}"), 0o600)
                .unwrap_err()
                .contains("32 visible")
        );
    }
}
