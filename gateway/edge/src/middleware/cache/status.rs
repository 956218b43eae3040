//! `Cache-Status` (RFC 9211): what the cache had to do with an answer.

use crate::body::ResponseBody;
use http::{HeaderName, HeaderValue, Response};

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// What is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told {
    /// From the cache; seconds that it is still fresh, negative when it is not.
    Hit {
        ttl: i64,
        /// Another caller's call brought it.
        collapsed: bool,
    },
    /// Nothing was kept.
    Miss,
    /// Nothing was, and now it is.
    MissStored,
    /// What was kept is for other request headers.
    VaryMiss,
    /// The same, and it is kept beside it now.
    VaryMissStored,
    /// What was kept had to be asked about; the backend's status.
    Stale { status: u16 },
    /// The same, and the new answer is kept.
    StaleStored { status: u16 },
    /// The backend failed with this, so the old answer is given.
    StaleIfError { status: u16 },
    /// The call is not one for the cache.
    Bypass,
}

impl Told {
    /// The same with the answer kept.
    pub(super) fn stored(self) -> Self {
        match self {
            Self::Miss => Self::MissStored,
            Self::VaryMiss => Self::VaryMissStored,
            Self::Stale { status } => Self::StaleStored { status },
            other => other,
        }
    }
}

/// Adds the field; a cache nearer to the backend has its own before ours.
pub(super) fn tell(response: &mut Response<ResponseBody>, told: Told) {
    let text = match told {
        Told::Hit { ttl, collapsed: false } => format!("vagvisare; hit; ttl={ttl}"),
        Told::Hit { ttl, collapsed: true } => format!("vagvisare; hit; ttl={ttl}; collapsed"),
        Told::Miss => "vagvisare; fwd=uri-miss".to_owned(),
        Told::MissStored => "vagvisare; fwd=uri-miss; stored".to_owned(),
        Told::VaryMiss => "vagvisare; fwd=vary-miss".to_owned(),
        Told::VaryMissStored => "vagvisare; fwd=vary-miss; stored".to_owned(),
        Told::Stale { status: 0 } => "vagvisare; fwd=stale".to_owned(),
        Told::Stale { status } => format!("vagvisare; fwd=stale; fwd-status={status}"),
        Told::StaleStored { status } => format!("vagvisare; fwd=stale; fwd-status={status}; stored"),
        Told::StaleIfError { status } => {
            format!("vagvisare; hit; fwd=stale; fwd-status={status}; detail=stale-if-error")
        }
        Told::Bypass => "vagvisare; fwd=bypass".to_owned(),
    };
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(CACHE_STATUS, value);
    }
}
