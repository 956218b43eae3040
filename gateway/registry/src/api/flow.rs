//! Reading, creating, replacing and removing an object: the same steps for every kind.

use super::acting::{Acting, Right};
use super::schema::ListQuery;
use super::{Registry, refuse};
use crate::model::{Object, Stored};
use crate::rules::{self, Breach};
use crate::store::{Change, NewObject, Wanted};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::{Links, Meta};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use service_host::{Json, Refusal, page};
use uuid::Uuid;

/// The most that one page may hold.
pub(super) const MOST: u64 = 100;
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What a kind of object has of its own.
pub(super) trait Resource: Object {
    /// What a caller sends.
    type Input: DeserializeOwned + Serialize + Send + Sync;
    /// What a caller gets.
    type View: Serialize;
    /// In sentences: "backend".
    const WHAT: &'static str;
    /// Path under the API's: "backends".
    const PATH: &'static str;
    /// Name of the id in the body.
    const ID: &'static str;
    /// Who may change it.
    const RIGHT: Right;
    /// Who may make and remove it.
    const RIGHT_TO_MAKE: Right = Self::RIGHT;

    /// Id and organisation as the caller gave them, empty where not, to be filled in. An organisation is its own.
    fn names(input: &mut Self::Input) -> (&mut String, Option<&mut String>);

    /// The id where the caller gave none.
    fn new_id(_input: &Self::Input) -> String {
        Uuid::now_v7().to_string()
    }

    /// The object, from what was sent; `before` is there when it replaces one.
    fn build(input: Self::Input, before: Option<&Self>) -> Self;

    /// What is wrong with it. It is as it would be kept.
    async fn check(
        &self,
        before: Option<&Self>,
        registry: &Registry,
        acting: &Acting,
        change: &mut Change,
    ) -> Result<Vec<Breach>, Refusal>;

    /// Whether the id is one that the caller may give.
    fn check_id(id: &str, organisation: &str, acting: &Acting) -> Vec<Breach> {
        rules::check_given_id(Self::ID, id, organisation, acting.is_operator())
    }

    /// Refuses to replace what must stay.
    fn may_replace(_before: &Self) -> Result<(), Refusal> {
        Ok(())
    }

    /// Refuses whoever may not remove this one, though it may remove others of its kind.
    fn may_remove(&self, _acting: &Acting) -> Result<(), Refusal> {
        Ok(())
    }

    /// Refuses to remove what is in use, and removes what is part of it.
    async fn release(&self, change: &mut Change) -> Result<(), Refusal>;

    /// As it is shown.
    fn view(stored: Stored<Self>, links: Links) -> Self::View;
}

pub(super) fn links<T: Resource>(object: &T, acting: &Acting) -> Links {
    Links::to_self(format!("{}/{}/{}", acting.base_url, T::PATH, object.id()))
        .and("collection", format!("{}/{}", acting.base_url, T::PATH))
}

fn view<T: Resource>(stored: Stored<T>, acting: &Acting) -> T::View {
    let links = links(&stored.object, acting);
    T::view(stored, links)
}

/// Pieces of a list's answer.
pub(super) struct Listed<V> {
    pub(super) items: Vec<V>,
    pub(super) links: Links,
    pub(super) meta: Meta,
}

pub(super) async fn list<T: Resource>(
    registry: &Registry,
    acting: &Acting,
    query: ListQuery,
) -> Result<Listed<T::View>, Refusal> {
    acting.require(Right::Read)?;
    let page = page(query.page, query.limit, MOST)?;
    let others = others(&[("organisationId", &query.organisation_id), ("query", &query.query)]);
    let wanted = Wanted {
        organisation: query.organisation_id,
        text: query.query,
        parent: None,
    };
    let found = registry.store.list::<T>(&acting.scope(), &wanted, page).await;
    let found = found.map_err(refuse::store)?;
    let url = format!("{}/{}", acting.base_url, T::PATH);
    Ok(Listed {
        links: page.links(&url, &others, found.total),
        meta: meta(page, found.total, found.items.len()),
        items: found.items.into_iter().map(|stored| view(stored, acting)).collect(),
    })
}

pub(super) fn meta(page: model::Page, total: u64, count: usize) -> Meta {
    Meta {
        total_records: total,
        page: page.number,
        offset: page.offset(),
        limit: page.limit,
        count: count as u64,
    }
}

/// Other parameters for the links to other pages.
pub(super) fn others(parameters: &[(&str, &Option<String>)]) -> String {
    let given = parameters
        .iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}={}", encoded(value))));
    given.collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

pub(super) async fn get<T: Resource>(registry: &Registry, acting: &Acting, id: &str) -> Result<Response, Refusal> {
    acting.require(Right::Read)?;
    let found = registry.store.get::<T>(&acting.scope(), id).await;
    let stored = found
        .map_err(refuse::store)?
        .ok_or_else(|| refuse::not_found(T::WHAT))?;
    Ok(shown(StatusCode::OK, stored, acting))
}

/// The object with its revision as `ETag`.
pub(super) fn shown<T: Resource>(status: StatusCode, stored: Stored<T>, acting: &Acting) -> Response {
    let revision = stored.revision;
    with_etag((status, Json(view(stored, acting))).into_response(), revision)
}

pub(super) fn with_etag(mut response: Response, revision: i64) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    let cache = HeaderValue::from_static("private, no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    response
}

pub(super) async fn create<T: Resource>(
    registry: &Registry,
    acting: &Acting,
    headers: &HeaderMap,
    mut input: T::Input,
) -> Result<Response, Refusal> {
    acting.require(T::RIGHT_TO_MAKE)?;
    let repeat = Repeat::of(headers, T::PATH, &input)?;
    let given = own_names::<T>(&mut input, acting)?;
    let mut change = registry.store.change(acting.actor()).await.map_err(refuse::store)?;
    if let Some(answer) = repeat.earlier(&mut change).await? {
        return Ok(answer);
    }
    let (id, organisation) = {
        let (id, organisation) = T::names(&mut input);
        (
            id.clone(),
            organisation.map_or_else(String::new, |organisation| organisation.clone()),
        )
    };
    let mut breaches = if given {
        T::check_id(&id, &organisation, acting)
    } else {
        Vec::new()
    };
    let object = T::build(input, None);
    breaches.extend(object.check(None, registry, acting, &mut change).await?);
    if !breaches.is_empty() {
        return Err(refuse::breaches(breaches));
    }
    let stored = match change.add(object).await.map_err(refuse::store)? {
        NewObject::Made(stored) => stored,
        NewObject::Taken => {
            return Err(refuse::conflict(format!(
                "There is or was a {} with this id. Choose another, or leave it out.",
                T::WHAT
            )));
        }
    };
    let location = format!("{}/{}/{}", acting.base_url, T::PATH, stored.object.id());
    let revision = stored.revision;
    let body = serde_json::to_value(view(stored, acting)).unwrap_or_default();
    repeat.keep(&mut change, &location, revision, &body).await?;
    change.commit().await.map_err(refuse::store)?;
    Ok(created(&location, revision, &body))
}

/// Fills in what the caller left out; whether it gave an id.
fn own_names<T: Resource>(input: &mut T::Input, acting: &Acting) -> Result<bool, Refusal> {
    let (id, organisation) = T::names(input);
    let given = !id.is_empty();
    if let Some(organisation) = organisation {
        if organisation.is_empty() {
            acting.organisation().clone_into(organisation);
        }
        // Whether another organisation exists is not said.
        if organisation != acting.organisation() && !acting.is_operator() {
            let breach = Breach::new("organisationId", "must be your own organisation's, or left out");
            return Err(refuse::breaches(vec![breach]));
        }
    }
    if !given {
        let new = T::new_id(input);
        *T::names(input).0 = new;
    }
    Ok(given)
}

pub(super) fn created(location: &str, revision: i64, body: &Value) -> Response {
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    with_etag(response, revision)
}

pub(super) async fn replace<T: Resource>(
    registry: &Registry,
    acting: &Acting,
    headers: &HeaderMap,
    id: &str,
    mut input: T::Input,
) -> Result<Response, Refusal> {
    acting.require(T::RIGHT)?;
    let wanted = IfMatch::of(headers)?;
    let mut change = registry.store.change(acting.actor()).await.map_err(refuse::store)?;
    let before = existing::<T>(&mut change, acting, id).await?;
    if !acting.owns(&before.object) {
        return Err(refuse::not_allowed(format!(
            "The {} is kept by another party; ask it for the change.",
            T::WHAT
        )));
    }
    wanted.check(before.revision)?;
    T::may_replace(&before.object)?;
    let mut breaches = Vec::new();
    {
        let (given_id, given_organisation) = T::names(&mut input);
        if !given_id.is_empty() && given_id != before.object.id() {
            breaches.push(Breach::new(T::ID, "cannot be changed"));
        }
        before.object.id().clone_into(given_id);
        if let Some(given) = given_organisation {
            if !given.is_empty() && given != before.object.organisation() {
                breaches.push(Breach::new("organisationId", "cannot be changed"));
            }
            before.object.organisation().clone_into(given);
        }
    }
    let object = T::build(input, Some(&before.object));
    breaches.extend(
        object
            .check(Some(&before.object), registry, acting, &mut change)
            .await?,
    );
    if !breaches.is_empty() {
        return Err(refuse::breaches(breaches));
    }
    let stored = change.replace("change", &before, object).await.map_err(refuse::store)?;
    change.commit().await.map_err(refuse::store)?;
    Ok(shown(StatusCode::OK, stored, acting))
}

pub(super) async fn remove<T: Resource>(
    registry: &Registry,
    acting: &Acting,
    headers: &HeaderMap,
    id: &str,
) -> Result<StatusCode, Refusal> {
    acting.require(T::RIGHT_TO_MAKE)?;
    let wanted = IfMatch::of(headers)?;
    let mut change = registry.store.change(acting.actor()).await.map_err(refuse::store)?;
    let before = existing::<T>(&mut change, acting, id).await?;
    if !acting.owns(&before.object) {
        return Err(refuse::not_allowed(format!(
            "The {} is kept by another party.",
            T::WHAT
        )));
    }
    wanted.check(before.revision)?;
    before.object.may_remove(acting)?;
    before.object.release(&mut change).await?;
    change.remove(&before).await.map_err(refuse::store)?;
    change.commit().await.map_err(refuse::store)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The object, where it exists for the caller.
pub(super) async fn existing<T: Resource>(
    change: &mut Change,
    acting: &Acting,
    id: &str,
) -> Result<Stored<T>, Refusal> {
    let found = change.get::<T>(id).await.map_err(refuse::store)?;
    found
        .filter(|stored| acting.sees(&stored.object))
        .ok_or_else(|| refuse::not_found(T::WHAT))
}

/// The revision that the caller has seen.
#[derive(Debug)]
pub(super) struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut tags = Vec::new();
        for value in headers.get_all(header::IF_MATCH) {
            let Ok(text) = value.to_str() else { continue };
            tags.extend(text.split(',').map(|tag| tag.trim().to_owned()));
        }
        if tags.is_empty() {
            return Err(refuse::revision_needed());
        }
        // `*`: whichever it is, as long as it is there.
        let any = tags.iter().any(|tag| tag == "*");
        Ok(Self((!any).then_some(tags)))
    }

    pub(super) fn check(&self, revision: i64) -> Result<(), Refusal> {
        let tag = format!("\"{revision}\"");
        // Caches on the way may have made the tag a weak one; it is a number, and says the same.
        let same = |known: &String| known.trim_start_matches("W/") == tag;
        match &self.0 {
            Some(tags) if !tags.iter().any(same) => Err(refuse::stale(revision)),
            _ => Ok(()),
        }
    }
}

/// An idempotency key, and what the request was about.
pub(super) struct Repeat(Option<(String, String)>);

impl Repeat {
    pub(super) fn of(headers: &HeaderMap, path: &str, body: &impl Serialize) -> Result<Self, Refusal> {
        let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
            return Ok(Self(None));
        };
        let key = value.to_str().ok().map(|text| text.trim().trim_matches('"'));
        let key = key.filter(|key| (8..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
        let Some(key) = key else {
            let problem = model::Problem::of(model::ProblemKind::BadRequest)
                .detail("Idempotency-Key must have 8 to 128 visible ASCII characters, such as a UUID.")
                .field("Idempotency-Key", "must have 8 to 128 visible ASCII characters");
            return Err(problem.into());
        };
        let body = serde_json::to_vec(body).unwrap_or_default();
        let mut hasher = blake3::Hasher::new();
        hasher.update(path.as_bytes()).update(&[0]).update(&body);
        Ok(Self(Some((key.to_owned(), hasher.finalize().to_hex().to_string()))))
    }

    /// The answer that was given before.
    pub(super) async fn earlier(&self, change: &mut Change) -> Result<Option<Response>, Refusal> {
        let Some((key, fingerprint)) = &self.0 else {
            return Ok(None);
        };
        let Some((known, answer)) = change.earlier_answer(key).await.map_err(refuse::store)? else {
            return Ok(None);
        };
        if known != *fingerprint {
            let detail = "This Idempotency-Key was used for another request. Take a new one for each.";
            return Err(refuse::conflict(detail));
        }
        let location = answer["location"].as_str().unwrap_or_default();
        let revision = answer["revision"].as_i64().unwrap_or_default();
        let mut response = created(location, revision, &answer["body"]);
        response
            .headers_mut()
            .insert("idempotency-replayed", HeaderValue::from_static("true"));
        Ok(Some(response))
    }

    pub(super) async fn keep(
        &self,
        change: &mut Change,
        location: &str,
        revision: i64,
        body: &Value,
    ) -> Result<(), Refusal> {
        let Some((key, fingerprint)) = &self.0 else {
            return Ok(());
        };
        let answer = json!({ "location": location, "revision": revision, "body": body });
        change
            .keep_answer(key, fingerprint, &answer)
            .await
            .map_err(refuse::store)
    }
}
