//! Credentials of applications and members: made, listed, revoked. A secret is shown once.

use super::acting::{Acting, Right};
use super::flow::{self, MOST, Repeat};
use super::schema::{CredentialBody, CredentialList, CredentialView};
use super::{NewSecret, Registry, refuse};
use crate::model::{
    Application, Credential, CredentialHolder, CredentialKind, CredentialRequest, Member, Moment, Object, Role, Stored,
};
use crate::rules;
use crate::store::{Change, NewObject, Wanted};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::{Links, Problem};
use serde::Deserialize;
use service_host::{Json, Path, Query, Refusal, page};
use std::sync::Arc;
use utoipa::IntoParams;

/// Most credentials of one holder that are not revoked: enough to rotate, too few to lose count.
const MOST_LIVE: usize = 20;
/// In an API key's text where nobody says otherwise.
const ENVIRONMENT: &str = "prod";

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct PageQuery {
    /// Sidans nummer, från 1. The page's number, from 1.
    #[param(minimum = 1, default = 1, example = 1)]
    pub(super) page: Option<u64>,
    /// Högsta antal på en sida. The most on a page.
    #[param(minimum = 1, maximum = 100, default = 20, example = 20)]
    pub(super) limit: Option<u64>,
}

/// Whose credentials.
#[derive(Debug, Clone, Copy)]
struct Holder {
    holder: CredentialHolder,
    path: &'static str,
    what: &'static str,
    right: Right,
}

const APPLICATION: Holder = Holder {
    holder: CredentialHolder::Application,
    path: "applications",
    what: "application",
    right: Right::Edit,
};

const MEMBER: Holder = Holder {
    holder: CredentialHolder::Member,
    path: "members",
    what: "member",
    right: Right::Administer,
};

impl Holder {
    fn url(self, acting: &Acting, holder_id: &str) -> String {
        format!("{}/{}/{holder_id}/credentials", acting.base_url, self.path)
    }

    /// The holder's organisation, where the caller may change its credentials.
    async fn find(self, change: &mut Change, acting: &Acting, id: &str) -> Result<String, Refusal> {
        let organisation = match self.holder {
            CredentialHolder::Application => {
                let found = change.get::<Application>(id).await.map_err(refuse::store)?;
                found
                    .map(|stored| stored.object)
                    .filter(|one| acting.owns(one))
                    .map(|one| one.organisation_id)
            }
            CredentialHolder::Member => {
                let found = change.get::<Member>(id).await.map_err(refuse::store)?;
                let member = found.map(|stored| stored.object).filter(|one| acting.owns(one));
                // A key for an operator is an operator's rights.
                if member.as_ref().is_some_and(|one| one.roles.contains(&Role::Operator)) && !acting.is_operator() {
                    return Err(refuse::not_allowed("An operator's keys are made by an operator only."));
                }
                member.map(|one| one.organisation_id)
            }
        };
        organisation.ok_or_else(|| refuse::not_found(self.what))
    }
}

fn view(stored: Stored<Credential>, secret: Option<String>, last_used_at: Option<Moment>, url: &str) -> CredentialView {
    let one = stored.object;
    CredentialView {
        links: Links::to_self(format!("{url}/{}", one.credential_id)).and("collection", url),
        object: CredentialBody {
            credential_id: one.credential_id,
            holder: one.holder,
            holder_id: one.holder_id,
            name: one.name,
            kind: one.kind,
            secret,
            jwks: one.jwks,
            jwks_url: one.jwks_url,
            certificate_sha256: one.certificate_sha256,
            expires_at: one.expires_at,
            revoked_at: one.revoked_at,
            last_used_at,
        },
        revision: stored.revision,
        created_at: stored.created_at,
        changed_at: stored.changed_at,
    }
}

async fn list(
    registry: &Registry,
    acting: &Acting,
    holder: Holder,
    holder_id: &str,
    query: PageQuery,
) -> Result<Json<CredentialList>, Refusal> {
    acting.require(Right::Read)?;
    let page = page(query.page, query.limit, MOST)?;
    let scope = acting.scope();
    let exists = match holder.holder {
        CredentialHolder::Application => registry
            .store
            .get::<Application>(&scope, holder_id)
            .await
            .map(|it| it.is_some()),
        CredentialHolder::Member => registry
            .store
            .get::<Member>(&scope, holder_id)
            .await
            .map(|it| it.is_some()),
    };
    if !exists.map_err(refuse::store)? {
        return Err(refuse::not_found(holder.what));
    }
    let wanted = Wanted {
        parent: Some(holder_id.to_owned()),
        ..Wanted::default()
    };
    let found = registry
        .store
        .list::<Credential>(&scope, &wanted, page)
        .await
        .map_err(refuse::store)?;
    let names: Vec<String> = found.items.iter().flat_map(|one| one.object.used_as()).collect();
    let uses = registry.store.last_uses(&names).await.map_err(refuse::store)?;
    let url = holder.url(acting, holder_id);
    let count = found.items.len();
    let credentials = found.items.into_iter().map(|stored| {
        let used = stored
            .object
            .used_as()
            .iter()
            .filter_map(|name| uses.get(name))
            .max()
            .copied();
        view(stored, None, used, &url)
    });
    Ok(Json(CredentialList {
        credentials: credentials.collect(),
        links: page.links(&url, "", found.total),
        meta: flow::meta(page, found.total, count),
    }))
}

async fn create(
    registry: &Registry,
    acting: &Acting,
    headers: &HeaderMap,
    holder: Holder,
    holder_id: &str,
    request: CredentialRequest,
) -> Result<Response, Refusal> {
    acting.require(holder.right)?;
    let url = holder.url(acting, holder_id);
    let repeat = Repeat::of(headers, &url, &request)?;
    let mut change = registry.store.change(acting.actor()).await.map_err(refuse::store)?;
    let organisation_id = holder.find(&mut change, acting, holder_id).await?;
    if let Some(answer) = repeat.earlier(&mut change).await? {
        return Ok(answer);
    }
    let breaches = rules::check_credential(&request, holder.holder, change.now());
    if !breaches.is_empty() {
        return Err(refuse::breaches(breaches));
    }
    let all = change.parts_of::<Credential>(holder_id).await.map_err(refuse::store)?;
    let live = all.iter().filter(|one| one.object.revoked_at.is_none());
    if live.clone().count() >= MOST_LIVE {
        return Err(refuse::conflict(format!(
            "The {} has {MOST_LIVE} credentials. Revoke one that is not used.",
            holder.what
        )));
    }
    if live.clone().any(|one| one.object.name == request.name) {
        return Err(refuse::conflict(
            "A credential with this name is there. Choose another name.",
        ));
    }
    let made = secret(registry, &request)?;
    let credential = Credential {
        credential_id: made
            .as_ref()
            .map_or_else(|| uuid::Uuid::now_v7().to_string(), |made| made.id.clone()),
        organisation_id,
        holder: holder.holder,
        holder_id: holder_id.to_owned(),
        name: request.name,
        kind: request.kind,
        hash: made.as_ref().map(|made| made.hash.clone()),
        jwks: request.jwks,
        jwks_url: request.jwks_url,
        certificate_sha256: request.certificate_sha256.map(|hash| hash.to_ascii_lowercase()),
        expires_at: request.expires_at,
        revoked_at: None,
    };
    let NewObject::Made(stored) = change.add(credential).await.map_err(refuse::store)? else {
        return Err(refuse::conflict("The id is taken. Try again."));
    };
    let (location, revision) = (format!("{url}/{}", stored.object.id()), stored.revision);
    // A repeated request is answered without the secret: it is kept nowhere.
    let without = serde_json::to_value(view(stored.clone(), None, None, &url)).unwrap_or_default();
    repeat.keep(&mut change, &location, revision, &without).await?;
    change.commit().await.map_err(refuse::store)?;
    let body = serde_json::to_value(view(stored, made.map(|made| made.text), None, &url)).unwrap_or_default();
    let mut response = flow::created(&location, revision, &body);
    let no_store = axum::http::HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(axum::http::header::CACHE_CONTROL, no_store);
    Ok(response)
}

fn secret(registry: &Registry, request: &CredentialRequest) -> Result<Option<NewSecret>, Refusal> {
    let made = match request.kind {
        CredentialKind::ApiKey => {
            let environment = request.environment.as_deref().unwrap_or(ENVIRONMENT);
            registry.secrets.api_key(environment)
        }
        CredentialKind::ClientSecret => registry.secrets.client_secret(),
        CredentialKind::Jwks | CredentialKind::JwksUrl | CredentialKind::TlsCertificate => return Ok(None),
    };
    made.map(Some).map_err(|error| {
        tracing::error!(error, "no secret could be made");
        Problem::of(model::ProblemKind::Internal).into()
    })
}

async fn revoke(
    registry: &Registry,
    acting: &Acting,
    headers: &HeaderMap,
    holder: Holder,
    holder_id: &str,
    id: &str,
) -> Result<StatusCode, Refusal> {
    acting.require(holder.right)?;
    let mut change = registry.store.change(acting.actor()).await.map_err(refuse::store)?;
    holder.find(&mut change, acting, holder_id).await?;
    let found = change.get::<Credential>(id).await.map_err(refuse::store)?;
    let before = found
        .filter(|stored| stored.object.holder_id == holder_id)
        .ok_or_else(|| refuse::not_found("credential"))?;
    // A key that has leaked is revoked at once; who sends If-Match all the same is held to it.
    if headers.contains_key(axum::http::header::IF_MATCH) {
        flow::IfMatch::of(headers)?.check(before.revision)?;
    }
    if before.object.revoked_at.is_some() {
        return Ok(StatusCode::NO_CONTENT);
    }
    let credential = Credential {
        revoked_at: Some(change.now()),
        ..before.object.clone()
    };
    change
        .replace("revoke", &before, credential)
        .await
        .map_err(refuse::store)?;
    change.commit().await.map_err(refuse::store)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Declares the three operations for one kind of holder.
macro_rules! of_holder {
    (
        $holder:ident, collection: $path:tt, one: $one:tt, id: $id:tt, tag: $tag:tt,
        $list:ident $list_id:tt $list_title:tt $list_text:tt,
        $create:ident $create_id:tt $create_title:tt $create_text:tt,
        $revoke:ident $revoke_id:tt $revoke_title:tt $revoke_text:tt,
    ) => {
        #[doc = $list_title]
        #[doc = ""]
        #[doc = $list_text]
        #[utoipa::path(
            get, path = $path, operation_id = $list_id, tag = $tag,
            params(($id = String, Path, description = "Innehavarens id. The holder's id.", example = "exempel.ett"), PageQuery),
            responses(
                (status = 200, description = $list_text, body = CredentialList,
                    examples(("list" = (summary = $list_title, value = json!(super::example::list("credentials", super::example::credential())))))),
                (status = 404, description = "Finns inte, eller är inte din. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
            )
        )]
        pub(crate) async fn $list(
            State(registry): State<Arc<Registry>>,
            acting: Acting,
            Path(holder_id): Path<String>,
            Query(query): Query<PageQuery>,
        ) -> Result<Json<CredentialList>, Refusal> {
            list(&registry, &acting, $holder, &holder_id, query).await
        }

        #[doc = $create_title]
        #[doc = ""]
        #[doc = $create_text]
        #[utoipa::path(
            post, path = $path, operation_id = $create_id, tag = $tag,
            params(($id = String, Path, description = "Innehavarens id. The holder's id.", example = "exempel.ett"),
                ("Idempotency-Key" = Option<String>, Header, description = "Samma nyckel och kropp ger samma svar i ett dygn, utan hemligheten. The same key and body give the same answer for a day, without the secret.", example = "0198f2f0-7d5c-7000-8000-0123456789ab")),
            request_body(content = CredentialRequest, example = json!({"name": "produktion 2026", "kind": "apiKey"})),
            responses(
                (status = 201, description = $create_text, body = CredentialView,
                    headers(("Location" = String, description = "Objektets adress. The object's address."), ("ETag" = String, description = "Revision.")),
                    examples(("created" = (summary = $create_title, value = json!(super::example::one("credentials", super::example::new_credential())))))),
                (status = 404, description = "Finns inte, eller är inte din. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
                (status = 409, description = "Namnet är upptaget, eller det finns för många. The name is taken, or there are too many.", body = Problem, content_type = "application/problem+json"),
                (status = 422, description = "Kroppen bryter mot en regel. The body breaks a rule.", body = Problem, content_type = "application/problem+json"),
            )
        )]
        pub(crate) async fn $create(
            State(registry): State<Arc<Registry>>,
            acting: Acting,
            Path(holder_id): Path<String>,
            headers: HeaderMap,
            Json(request): Json<CredentialRequest>,
        ) -> Result<Response, Refusal> {
            create(&registry, &acting, &headers, $holder, &holder_id, request).await
        }

        #[doc = $revoke_title]
        #[doc = ""]
        #[doc = $revoke_text]
        #[utoipa::path(
            delete, path = $one, operation_id = $revoke_id, tag = $tag,
            params(($id = String, Path, description = "Innehavarens id. The holder's id.", example = "exempel.ett"),
                ("credentialId" = String, Path, description = "Id.", example = "9x2k7d0m4q8r1t5v")),
            responses(
                (status = 204, description = $revoke_text),
                (status = 404, description = "Finns inte, eller är inte din. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
            )
        )]
        pub(crate) async fn $revoke(
            State(registry): State<Arc<Registry>>,
            acting: Acting,
            Path((holder_id, id)): Path<(String, String)>,
            headers: HeaderMap,
        ) -> Result<StatusCode, Refusal> {
            revoke(&registry, &acting, &headers, $holder, &holder_id, &id).await
        }
    };
}

of_holder! {
    APPLICATION, collection: "/applications/{applicationId}/credentials", one: "/applications/{applicationId}/credentials/{credentialId}",
    id: "applicationId", tag: "credentials",
    list_application_credentials "listApplicationCredentials" "List an application's credentials" "Applikationens nycklar och hemligheter, utan det hemliga. The application's credentials, without what is secret.",
    create_application_credential "createApplicationCredential" "Make a credential for an application" "Gör en nyckel eller registrerar en öppen nyckel; det hemliga visas en gång. Makes a key or registers a public one; what is secret is shown once.",
    revoke_application_credential "revokeApplicationCredential" "Revoke an application's credential" "Spärrar; gäller i varje nod inom en sekund. Revokes, with effect on every node within a second.",
}

of_holder! {
    MEMBER, collection: "/members/{memberId}/credentials", one: "/members/{memberId}/credentials/{credentialId}",
    id: "memberId", tag: "credentials",
    list_member_credentials "listMemberCredentials" "List a member's credentials" "Medlemmens nycklar, utan det hemliga. The member's keys, without what is secret.",
    create_member_credential "createMemberCredential" "Make a key for a member" "Gör en nyckel till registret; den visas en gång. Makes a key to the registry; it is shown once.",
    revoke_member_credential "revokeMemberCredential" "Revoke a member's key" "Spärrar; gäller i varje nod inom en sekund. Revokes, with effect on every node within a second.",
}
