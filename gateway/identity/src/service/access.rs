//! What a client may have a token for: an API, under an agreement in force, with the scopes that it grants.

use super::error::OAuthError;
use snapshot::{Access, ApiIndex, ApplicationIndex, Authentication, Snapshot};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A decision in the client's favour.
#[derive(Debug, Clone)]
pub struct Allowed {
    /// The API.
    pub api: ApiIndex,
    /// `aud`.
    pub audience: Arc<str>,
    /// `scope`, in the order of the alphabet.
    pub scopes: Vec<String>,
    /// The agreement's id.
    pub agreement: Arc<str>,
    /// The client's organisation.
    pub organisation: Arc<str>,
    /// The organisation on whose behalf the client calls: its own, or the consumer that it is a supplier to; `None`: it
    /// supplies several under this agreement.
    pub consumer: Option<Arc<str>>,
    /// The client's organisation, where it is a supplier that calls on a consumer's behalf.
    pub supplier: Option<Arc<str>>,
}

/// Decides whether `application` may have a token for `resource` with `scope` (space-separated; `None`: all there is).
///
/// # Errors
/// `invalid_target` and `invalid_scope`, each with what to do.
pub fn decide(
    snapshot: &Snapshot,
    application: ApplicationIndex,
    resource: Option<&str>,
    scope: Option<&str>,
    now: i64,
) -> Result<Allowed, OAuthError> {
    let resource = resource.ok_or_else(|| {
        OAuthError::invalid_target(
            "Say which API the token is for: resource must be its audience, as /.well-known/oauth-protected-resource tells it.",
        )
    })?;
    let api = snapshot
        .find_audience(resource)
        .filter(|api| {
            let takes = snapshot.api(*api).authentication;
            matches!(takes, Authentication::Token | Authentication::KeyOrToken)
        })
        .ok_or_else(|| {
            OAuthError::invalid_target(
                "No API here has this resource. It is compared letter by letter with the audience in the API's /.well-known/oauth-protected-resource.",
            )
        })?;
    let wanted: BTreeSet<&str> = scope.unwrap_or_default().split_ascii_whitespace().collect();
    let list: Vec<&str> = wanted.iter().copied().collect();
    let title = &snapshot.api(api).title;
    let (index, agreement) = match snapshot.access_for_scopes(application, api, &list, now) {
        Access::Granted(index) => (index, snapshot.agreement(index)),
        Access::Ended(index) => {
            let id = &snapshot.agreement(index).id;
            return Err(OAuthError::invalid_target(format!(
                "Agreement {id} with {title} has ended. Renew it with the agency."
            )));
        }
        Access::NotYet(index) => {
            let id = &snapshot.agreement(index).id;
            return Err(OAuthError::invalid_target(format!(
                "Agreement {id} with {title} is not in force yet."
            )));
        }
        Access::Suspended(index) => {
            let id = &snapshot.agreement(index).id;
            return Err(OAuthError::invalid_target(format!(
                "Agreement {id} with {title} is suspended. Ask its parties when it will hold again."
            )));
        }
        Access::Missing => {
            return Err(OAuthError::invalid_target(format!(
                "Your organisation has no agreement that covers {title}. Ask the agency that owns it."
            )));
        }
    };
    let granted: BTreeSet<&str> = if agreement.scopes.is_empty() {
        let routes = snapshot.routes().iter().filter(|route| route.api == Some(api));
        routes
            .flat_map(|route| route.scopes.iter().map(|scope| &**scope))
            .collect()
    } else {
        agreement.scopes.iter().map(|scope| &**scope).collect()
    };
    if !wanted.is_subset(&granted) {
        // What was asked for is not repeated: anything may stand there.
        let granted: Vec<&str> = granted.into_iter().collect();
        return Err(OAuthError::invalid_scope(format!(
            "Agreement {} does not grant each of these scopes. It grants: {}.",
            agreement.id,
            granted.join(" ")
        )));
    }
    let scopes = if wanted.is_empty() { granted } else { wanted };
    let name = |organisation| Arc::clone(&snapshot.organisation(organisation).id);
    let organisation = snapshot.application(application).organisation;
    let delegation = snapshot.delegation(application, index);
    let consumer = match delegation {
        Some(delegation) => delegation.consumer,
        None => Some(organisation),
    };
    Ok(Allowed {
        api,
        audience: Arc::clone(&snapshot.api(api).audience),
        scopes: scopes.into_iter().map(str::to_owned).collect(),
        agreement: Arc::clone(&agreement.id),
        organisation: name(organisation),
        consumer: consumer.map(name),
        supplier: delegation.map(|delegation| name(delegation.supplier)),
    })
}
