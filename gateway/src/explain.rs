//! Why a call would be let through or refused: the same look-ups as on the request path, put into words.

mod policies;
pub mod token;

use edge::error::ErrorKind;
use http::Method;
use snapshot::{
    Access, AgreementIndex, ApplicationIndex, Authentication, Found, LifecycleState, LimitPer, Route, RouteIndex,
    SenderConstraint, Snapshot, Target,
};

/// A call that is thought of, not made.
#[derive(Debug, Clone)]
pub struct Question {
    /// Method.
    pub method: Method,
    /// Path, without a query.
    pub path: String,
    /// Who calls; `None`: nobody says.
    pub application: Option<ApplicationIndex>,
    /// The token that the call carries, as far as it can be read without keys.
    pub token: Option<token::Claims>,
    /// Scopes of the caller's token; empty: an API key, whose scopes are its agreement's.
    pub scopes: Vec<String>,
    /// Unix seconds.
    pub at: i64,
}

/// What would become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The steps, in the order of the request path.
    pub lines: Vec<String>,
    /// The problem's code; `None`: the call would reach the backend.
    pub refused: Option<&'static str>,
}

/// Walks the request path as far as the registry decides it.
#[must_use]
pub fn explain(snapshot: &Snapshot, question: &Question) -> Verdict {
    let mut lines = Vec::new();
    let refused = decide(snapshot, question, &mut lines).err();
    let end = match refused {
        Some(kind) => {
            let row = kind.facts();
            format!("answer: {} {}. {}", row.status.as_u16(), row.code, row.advice.en)
        }
        None => "answer: the call goes through, as long as the limits have room".to_owned(),
    };
    lines.push(end);
    Verdict {
        lines,
        refused: refused.map(|kind| kind.facts().code),
    }
}

fn decide(snapshot: &Snapshot, question: &Question, lines: &mut Vec<String>) -> Result<(), ErrorKind> {
    let index = match snapshot.find(&question.method, &question.path) {
        Found::Route(index) => index,
        Found::MethodNotAllowed { allow, .. } => {
            let allow = allow.to_str().unwrap_or_default();
            lines.push(format!("route: the path takes {allow}, not {}", question.method));
            return Err(ErrorKind::MethodNotAllowed);
        }
        Found::NoSuchPath(api) => {
            let api = snapshot.api(api);
            lines.push(format!("route: {} ({}) has no such path", api.title, api.base_path));
            return Err(ErrorKind::UnknownPath);
        }
        Found::NotFound => {
            lines.push("route: no API is served under this path".to_owned());
            return Err(ErrorKind::UnknownApi);
        }
    };
    let route = snapshot.route(index);
    lines.push(format!("route: {}", route.id));
    lifecycle(snapshot, route, question.at, lines)?;
    policies::maintenance(snapshot, route, lines)?;
    let application = credential(snapshot, route, question, lines)?;
    let agreement = agreement(snapshot, index, application, question, lines)?;
    limits(snapshot, route, application, agreement, lines);
    policies::of_api(snapshot, route, application, lines);
    match &route.target {
        Target::Upstream(backend) => {
            let backend = snapshot.backend(*backend);
            lines.push(format!("backend: {}", backend.id));
            policies::of_backend(backend, lines);
        }
        Target::Document(_) => lines.push("backend: none, the gateway answers from memory".to_owned()),
    }
    Ok(())
}

fn lifecycle(snapshot: &Snapshot, route: &Route, at: i64, lines: &mut Vec<String>) -> Result<(), ErrorKind> {
    let Some(api) = route.api.map(|index| snapshot.api(index)) else {
        lines.push("api: none, a document of the gateway's own".to_owned());
        return Ok(());
    };
    let owner = &snapshot.organisation(api.organisation).name;
    let state = format!("{:?}", api.state).to_lowercase();
    lines.push(format!("api: {} {} of {owner}, {state}", api.id, api.version));
    let over = api.sunset_at.is_some_and(|sunset| at >= sunset);
    if over || matches!(api.state, LifecycleState::Retired | LifecycleState::Decommissioned) {
        lines.push("lifecycle: the version has been taken out of use".to_owned());
        return Err(ErrorKind::ApiGone);
    }
    Ok(())
}

fn credential(
    snapshot: &Snapshot,
    route: &Route,
    question: &Question,
    lines: &mut Vec<String>,
) -> Result<Option<ApplicationIndex>, ErrorKind> {
    let needs = match route.authentication {
        Authentication::None => "none is needed",
        Authentication::Key => "an API key is needed",
        Authentication::Token => "an access token is needed",
        Authentication::KeyOrToken => "an API key or an access token is needed",
    };
    let who = question.application.map(|index| snapshot.application(index));
    match who {
        Some(application) => lines.push(format!("credential: {needs}; the caller is {}", application.id)),
        None => lines.push(format!("credential: {needs}; the call carries none")),
    }
    if route.authentication == Authentication::None {
        return Ok(question.application);
    }
    // A token is no credential where only keys are taken, nor a key where only tokens are.
    let taken = match &question.token {
        Some(_) => matches!(route.authentication, Authentication::Token | Authentication::KeyOrToken),
        None => who.is_some(),
    };
    if !taken {
        return Err(ErrorKind::CredentialMissing);
    }
    if let Some(claims) = &question.token {
        hold_token(snapshot, route, claims, question.at, lines)?;
    }
    if who.is_none() {
        lines.push("credential: the registry has no such application".to_owned());
        return Err(ErrorKind::CredentialRefused);
    }
    Ok(question.application)
}

/// The token's claims against the API, as far as they can be judged without its issuer's keys.
fn hold_token(
    snapshot: &Snapshot,
    route: &Route,
    claims: &token::Claims,
    at: i64,
    lines: &mut Vec<String>,
) -> Result<(), ErrorKind> {
    lines.push(format!(
        "token: of {}, for {}, of {}; its signature and revocation are not looked at here",
        claims.issuer,
        claims.audience.join(" "),
        claims.client
    ));
    let api = route.api.map(|index| snapshot.api(index));
    if let Some(api) = api.filter(|api| !claims.audience.iter().any(|one| **one == *api.audience)) {
        lines.push(format!(
            "token: it is not for {}, whose audience is {}",
            api.id, api.audience
        ));
        return Err(ErrorKind::CredentialRefused);
    }
    if at >= claims.expires_at || claims.not_before.is_some_and(|begins| at < begins) {
        lines.push("token: it is not valid at this time".to_owned());
        return Err(ErrorKind::CredentialRefused);
    }
    let wants_binding = api.is_some_and(|api| api.sender_constraint != SenderConstraint::None);
    if wants_binding && !claims.is_bound {
        lines.push("token: the API takes only tokens that are bound to their sender".to_owned());
        return Err(ErrorKind::CredentialRefused);
    }
    if claims.is_bound {
        lines.push("token: it is bound to its sender, who has to prove it with each call".to_owned());
    }
    Ok(())
}

fn agreement(
    snapshot: &Snapshot,
    index: RouteIndex,
    application: Option<ApplicationIndex>,
    question: &Question,
    lines: &mut Vec<String>,
) -> Result<Option<AgreementIndex>, ErrorKind> {
    let route = snapshot.route(index);
    let (Some(application), false) = (application, route.authentication == Authentication::None) else {
        lines.push("agreement: none is needed".to_owned());
        return Ok(None);
    };
    let granted = match snapshot.access_to_route(application, index, question.at) {
        Access::Granted(granted) => granted,
        Access::Ended(ended) => {
            lines.push(format!("agreement: {} has ended", snapshot.agreement(ended).id));
            return Err(ErrorKind::AgreementNotInForce);
        }
        Access::NotYet(coming) => {
            lines.push(format!("agreement: {} has not begun", snapshot.agreement(coming).id));
            return Err(ErrorKind::AgreementNotInForce);
        }
        Access::Suspended(resting) => {
            lines.push(format!("agreement: {} is suspended", snapshot.agreement(resting).id));
            return Err(ErrorKind::AgreementNotInForce);
        }
        Access::Missing => {
            lines.push("agreement: none covers this application and API".to_owned());
            return Err(ErrorKind::AgreementMissing);
        }
    };
    let agreement = snapshot.agreement(granted);
    lines.push(format!(
        "agreement: {} ({:?}), for {}",
        agreement.id, agreement.kind, agreement.purpose
    ));
    let lacks = |scope: &&std::sync::Arc<str>| {
        !question.scopes.is_empty() && !question.scopes.iter().any(|own| **own == ***scope)
    };
    if let Some(scope) = route.scopes.iter().find(lacks) {
        lines.push(format!("scope: the token lacks {scope}"));
        return Err(ErrorKind::ScopeMissing);
    }
    if !snapshot.agreement_grants(granted, index) {
        lines.push(format!(
            "scope: the agreement does not grant all of {}",
            route.scopes.join(" ")
        ));
        return Err(ErrorKind::ScopeMissing);
    }
    if !route.scopes.is_empty() {
        lines.push(format!("scope: {} is granted", route.scopes.join(" ")));
    }
    Ok(Some(granted))
}

fn limits(
    snapshot: &Snapshot,
    route: &Route,
    application: Option<ApplicationIndex>,
    agreement: Option<AgreementIndex>,
    lines: &mut Vec<String>,
) {
    let Some(api) = route.api.map(|index| snapshot.api(index)) else {
        return;
    };
    let of_agreement = agreement.map_or(&[][..], |index| &snapshot.agreement(index).limits[..]);
    if matches!(route.target, Target::Document(_)) || api.limits.is_empty() && of_agreement.is_empty() {
        lines.push("limit: none".to_owned());
        return;
    }
    for policy in api.limits.iter().chain(of_agreement) {
        let subject = match (policy.per, application) {
            (LimitPer::Application, Some(_)) => "the application",
            (LimitPer::Application, None) | (LimitPer::Address, _) => "the caller's network address",
            (LimitPer::Api, _) => "all callers together",
            (LimitPer::Person, _) => "the person that the call is made for, if there is one",
            (LimitPer::Agreement, _) => "all calls under the agreement",
        };
        if let Some(calendar) = policy.calendar {
            let (name, quota, period) = (&policy.name, policy.quota, calendar.name());
            lines.push(format!(
                "limit: {name}, {quota} calls in a calendar {period} (UTC) for {subject}, by all nodes together"
            ));
            continue;
        }
        lines.push(format!(
            "limit: {}, {} calls in {} s for {subject}, at most {} at once{}",
            policy.name,
            policy.quota,
            policy.window.as_secs_f64(),
            policy.burst,
            if policy.shared.is_some() {
                ", counted by all nodes together"
            } else {
                ""
            }
        ));
    }
}
