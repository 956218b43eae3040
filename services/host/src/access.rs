//! What a caller must show to use an API, as its document says it.

use utoipa::openapi::Components;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

/// What a caller must show. The gateway checks it; a service only says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing at all.
    Open,
    /// An application's key in `X-Api-Key`.
    Key,
    /// A person's access token with this scope.
    PersonToken(&'static str),
    /// An application's key, or a person's access token for operations that say so with `personToken`.
    KeyOrPersonToken,
}

impl Access {
    /// The name of the security scheme in the document.
    const fn scheme_name(self) -> Option<&'static str> {
        match self {
            Self::Open => None,
            Self::Key | Self::KeyOrPersonToken => Some("apiKey"),
            Self::PersonToken(_) => Some("personToken"),
        }
    }

    /// The requirement as the document writes it; an empty one means that nothing is needed.
    pub(crate) fn requirement(self) -> SecurityRequirement {
        match (self, self.scheme_name()) {
            (Self::PersonToken(scope), Some(name)) => SecurityRequirement::new(name, [scope]),
            (_, Some(name)) => SecurityRequirement::new(name, Vec::<String>::new()),
            (_, None) => SecurityRequirement::default(),
        }
    }

    /// Adds the schemes to the document's components.
    pub(crate) fn declare(self, components: &mut Components) {
        if self == Self::KeyOrPersonToken {
            Self::Key.declare(components);
            return Self::PersonToken("").declare(components);
        }
        let Some(name) = self.scheme_name() else { return };
        let scheme = match self {
            Self::Open | Self::KeyOrPersonToken => return,
            Self::Key => SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
                "X-Api-Key",
                "Applikationens nyckel. The application's key.",
            ))),
            Self::PersonToken(_) => SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .bearer_format("at+jwt")
                    .description(Some(
                        "Åtkomstbiljett för en person (RFC 9068), giltig i högst fem minuter. \
                         An access token that speaks for a person, valid for five minutes at most.",
                    ))
                    .build(),
            ),
        };
        components.add_security_scheme(name, scheme);
    }
}
