//! Agreements: proposed by a party, signed by both sides, suspended and ended by either.

use super::Registry;
use super::acting::{Acting, Right};
use super::flow::{self, Resource};
use super::refuse;
use super::resource::operations;
use super::schema::ListQuery;
use super::schema::{AgreementBody, AgreementList, AgreementView, Reason};
use crate::model::{
    Agreement, AgreementRecord, AgreementState, ApiRecord, Application, Object, Organisation, Signature, Standstill,
    Stored,
};
use crate::rules::{self, Breach};
use crate::store::Change;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::{Links, Problem};
use service_host::{Json, Path, Query, Refusal};
use std::sync::Arc;

impl Resource for AgreementRecord {
    type Input = Agreement;
    type View = AgreementView;
    const WHAT: &'static str = "agreement";
    const PATH: &'static str = "agreements";
    const ID: &'static str = "agreementId";
    const RIGHT: Right = Right::Administer;

    fn names(input: &mut Agreement) -> (&mut String, Option<&mut String>) {
        (&mut input.agreement_id, Some(&mut input.organisation_id))
    }

    fn build(input: Agreement, _before: Option<&Self>) -> Self {
        // Whoever has signed has signed what it said then: other terms are signed anew.
        AgreementRecord {
            terms: input,
            signatures: Vec::new(),
            suspension: None,
            termination: None,
        }
    }

    fn may_replace(before: &Self) -> Result<(), Refusal> {
        if before.state() == AgreementState::Proposed {
            return Ok(());
        }
        Err(refuse::conflict(
            "The agreement is signed by both sides. Terminate it and propose another: signed terms are not changed.",
        ))
    }

    async fn check(
        &self,
        _before: Option<&Self>,
        _registry: &Registry,
        _acting: &Acting,
        change: &mut Change,
    ) -> Result<Vec<Breach>, Refusal> {
        let terms = &self.terms;
        let mut known = rules::Surroundings::default();
        for party in &terms.parties {
            let found = change
                .get::<Organisation>(&party.organisation_id)
                .await
                .map_err(refuse::store)?;
            if let Some(stored) = found {
                known.organisations.insert(party.organisation_id.clone(), stored.object);
            }
        }
        for id in &terms.api_ids {
            let found = change.get::<ApiRecord>(id).await.map_err(refuse::store)?;
            let Some(record) = found.map(|stored| stored.object) else {
                continue;
            };
            // The owner knows its drafts; everyone else what is published.
            let api = if record.organisation() == terms.organisation_id {
                Some(record.published.map_or(record.draft, |published| published.api))
            } else {
                record.published.map(|published| published.api)
            };
            if let Some(api) = api {
                known.apis.insert(id.clone(), api);
            }
        }
        for id in &terms.application_ids {
            let found = change.get::<Application>(id).await.map_err(refuse::store)?;
            if let Some(stored) = found {
                known.applications.insert(id.clone(), stored.object);
            }
        }
        let mut breaches = rules::check_agreement(terms, &known);
        let own = terms
            .parties
            .iter()
            .any(|party| party.organisation_id == terms.organisation_id);
        if !own {
            breaches.push(Breach::new(
                "parties",
                "must hold the organisation that proposes the agreement",
            ));
        }
        Ok(breaches)
    }

    async fn release(&self, _change: &mut Change) -> Result<(), Refusal> {
        if self.state() == AgreementState::Proposed {
            return Ok(());
        }
        Err(refuse::conflict(
            "The agreement has been signed by both sides. Terminate it: what was in force stays on record.",
        ))
    }

    fn view(stored: Stored<Self>, links: Links) -> AgreementView {
        let own = links.find("self").map(|own| own.href.clone()).unwrap_or_default();
        let record = stored.object;
        let state = record.state();
        let mut links = links;
        if state == AgreementState::Proposed {
            links
                .0
                .push(model::Link::with_method("edit", "POST", format!("{own}/signatures")));
        }
        AgreementView {
            object: AgreementBody {
                state,
                terms: record.terms,
                signatures: record.signatures,
                suspension: record.suspension,
                termination: record.termination,
            },
            revision: stored.revision,
            created_at: stored.created_at,
            changed_at: stored.changed_at,
            links,
        }
    }
}

operations! {
    object: AgreementRecord, input: Agreement, view: AgreementView, list: AgreementList of agreements,
    path: "/agreements", one: "/agreements/{agreementId}", id: "agreementId", tag: "agreements", example: agreement,
    list: list_agreements "listAgreements" "List agreements" "Avtal och överenskommelser som organisationen är part i. Agreements to which the organisation is a party.",
    create: create_agreement "createAgreement" "Propose an agreement" "Föreslår ett avtal; det gäller först när producent och konsument har undertecknat. Proposes an agreement; it is in force only when producer and consumer have signed.",
    get: get_agreement "getAgreement" "Get an agreement" "Ett avtal. One agreement.",
    replace: replace_agreement "replaceAgreement" "Change a proposed agreement" "Ändrar ett förslag; underskrifter faller. Changes a proposal; signatures lapse.",
    remove: remove_agreement "removeAgreement" "Withdraw a proposed agreement" "Drar tillbaka ett förslag. Withdraws a proposal.",
}

/// What a party does to an agreement that it has read.
async fn act(
    registry: &Registry,
    acting: &Acting,
    headers: &HeaderMap,
    id: &str,
    action: &'static str,
    apply: impl FnOnce(&Acting, &mut AgreementRecord, crate::model::Moment) -> Result<(), Refusal>,
) -> Result<Stored<AgreementRecord>, Refusal> {
    acting.require(Right::Administer)?;
    let wanted = flow::IfMatch::of(headers)?;
    let mut change = registry.store.change(acting.actor()).await.map_err(refuse::store)?;
    let before = flow::existing::<AgreementRecord>(&mut change, acting, id).await?;
    wanted.check(before.revision)?;
    let mut record = before.object.clone();
    apply(acting, &mut record, change.now())?;
    let stored = change.replace(action, &before, record).await.map_err(refuse::store)?;
    change.commit().await.map_err(refuse::store)?;
    Ok(stored)
}

/// Sign an agreement
///
/// Undertecknar villkoren som de lästes, för den egna organisationen. När producent och konsument har undertecknat gäller avtalet.
/// Signs the terms as they were read, for one's own organisation. When producer and consumer have signed, it is in force.
#[utoipa::path(
    post, path = "/agreements/{agreementId}/signatures", operation_id = "signAgreement", tag = "agreements",
    params(("agreementId" = String, Path, description = "Avtalets id. The agreement's id.", example = "exempel.ett"),
        ("If-Match" = String, Header, description = "ETag som lästes. The ETag that was read.", example = "\"1\"")),
    responses(
        (status = 201, description = "Undertecknat. Signed.", body = AgreementView,
            headers(("Location" = String, description = "Avtalets adress. The agreement's address."), ("ETag" = String, description = "Revision.")),
            examples(("signed" = (summary = "Undertecknat. Signed.", value = json!(super::example::one("agreements", super::example::signed_agreement())))))),
        (status = 403, description = "Inte part, eller fel roll. Not a party, or not the role.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Finns inte, eller är inte ditt. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Redan undertecknat eller avslutat. Signed already, or ended.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Ändrat av någon annan sedan det lästes. Changed by somebody else since it was read.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_agreement(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let stored = act(&registry, &acting, &headers, &id, "sign", |acting, record, now| {
        // An operator runs the gateway; it never signs for another organisation.
        let organisation = acting.organisation();
        if !record.terms.signatories().any(|party| party == organisation) {
            return Err(refuse::not_allowed(
                "Only a producer or consumer of the agreement signs it, each for itself.",
            ));
        }
        if record.termination.is_some() {
            return Err(refuse::conflict("The agreement has been terminated."));
        }
        if record.signatures.iter().any(|one| one.organisation_id == organisation) {
            return Err(refuse::conflict("Your organisation has signed it already."));
        }
        record.signatures.push(Signature {
            organisation_id: organisation.to_owned(),
            member_id: acting.member.member_id.clone(),
            signed_at: now,
        });
        Ok(())
    })
    .await?;
    let location = format!("{}/agreements/{}", acting.base_url, stored.object.id());
    let mut response = flow::shown(StatusCode::CREATED, stored, &acting);
    if let Ok(location) = axum::http::HeaderValue::from_str(&location) {
        response.headers_mut().insert(axum::http::header::LOCATION, location);
    }
    Ok(response)
}

/// Suspend an agreement
///
/// Sätter avtalet ur kraft tills samma part tar upp det igen; anrop nekas inom en sekund. Skälet visas för den andra parten.
/// Puts the agreement out of force until the same party takes it up again; calls are refused within a second. The other party sees the reason.
#[utoipa::path(
    put, path = "/agreements/{agreementId}/suspension", operation_id = "suspendAgreement", tag = "agreements",
    params(("agreementId" = String, Path, description = "Avtalets id. The agreement's id.", example = "exempel.ett"),
        ("If-Match" = String, Header, description = "ETag som lästes. The ETag that was read.", example = "\"1\"")),
    request_body(content = Reason, example = json!({"reason": "Säkerhetsincident hos leverantören"})),
    responses(
        (status = 200, description = "Ur kraft. Out of force.", body = AgreementView, headers(("ETag" = String, description = "Revision.")),
            examples(("suspended" = (summary = "Ur kraft. Out of force.", value = json!(super::example::one("agreements", super::example::suspended_agreement())))))),
        (status = 403, description = "Inte bunden av avtalet, eller fel roll. Not bound by it, or not the role.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Finns inte, eller är inte ditt. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Gäller inte. Not in force.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Ändrat av någon annan sedan det lästes. Changed by somebody else since it was read.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn suspend_agreement(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(reason): Json<Reason>,
) -> Result<Response, Refusal> {
    let stored = act(&registry, &acting, &headers, &id, "suspend", |acting, record, now| {
        must_be_bound(acting, record)?;
        if record.state() != AgreementState::Active {
            return Err(refuse::conflict(
                "Only an agreement that both sides have signed can be suspended.",
            ));
        }
        record.suspension = Some(standstill(acting, now, reason)?);
        Ok(())
    })
    .await?;
    Ok(flow::shown(StatusCode::OK, stored, &acting))
}

/// Take up a suspended agreement
///
/// Den part som satte avtalet ur kraft tar upp det igen.
/// The party that suspended the agreement takes it up again.
#[utoipa::path(
    delete, path = "/agreements/{agreementId}/suspension", operation_id = "resumeAgreement", tag = "agreements",
    params(("agreementId" = String, Path, description = "Avtalets id. The agreement's id.", example = "exempel.ett"),
        ("If-Match" = String, Header, description = "ETag som lästes. The ETag that was read.", example = "\"1\"")),
    responses(
        (status = 200, description = "Gäller igen. In force again.", body = AgreementView, headers(("ETag" = String, description = "Revision.")),
            examples(("resumed" = (summary = "Gäller igen. In force again.", value = json!(super::example::one("agreements", super::example::signed_agreement())))))),
        (status = 404, description = "Finns inte, eller är inte ditt. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Är inte ur kraft. Not suspended.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Ändrat av någon annan sedan det lästes. Changed by somebody else since it was read.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn resume_agreement(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let stored = act(&registry, &acting, &headers, &id, "resume", |acting, record, _| {
        let Some(suspension) = &record.suspension else {
            return Err(refuse::conflict("The agreement is not suspended."));
        };
        if suspension.organisation_id != acting.organisation() && !acting.is_operator() {
            return Err(refuse::not_allowed(
                "The party that suspended the agreement takes it up again.",
            ));
        }
        record.suspension = None;
        Ok(())
    })
    .await?;
    Ok(flow::shown(StatusCode::OK, stored, &acting))
}

/// Terminate an agreement
///
/// Avslutar avtalet för gott; anrop nekas inom en sekund med avtalets id. Det som gällde finns kvar att läsa.
/// Ends the agreement for good; calls are refused within a second, naming the agreement. What was in force stays to be read.
#[utoipa::path(
    put, path = "/agreements/{agreementId}/termination", operation_id = "terminateAgreement", tag = "agreements",
    params(("agreementId" = String, Path, description = "Avtalets id. The agreement's id.", example = "exempel.ett"),
        ("If-Match" = String, Header, description = "ETag som lästes. The ETag that was read.", example = "\"1\"")),
    request_body(content = Reason, example = json!({"reason": "Uppdraget är slutfört"})),
    responses(
        (status = 200, description = "Avslutat. Ended.", body = AgreementView, headers(("ETag" = String, description = "Revision.")),
            examples(("terminated" = (summary = "Avslutat. Ended.", value = json!(super::example::one("agreements", super::example::terminated_agreement())))))),
        (status = 403, description = "Inte bunden av avtalet, eller fel roll. Not bound by it, or not the role.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Finns inte, eller är inte ditt. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Redan avslutat. Ended already.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Ändrat av någon annan sedan det lästes. Changed by somebody else since it was read.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn terminate_agreement(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(reason): Json<Reason>,
) -> Result<Response, Refusal> {
    let stored = act(&registry, &acting, &headers, &id, "terminate", |acting, record, now| {
        must_be_bound(acting, record)?;
        match record.state() {
            AgreementState::Terminated => return Err(refuse::conflict("The agreement has been terminated already.")),
            AgreementState::Proposed => return Err(refuse::conflict("A proposal is withdrawn, not terminated.")),
            AgreementState::Active | AgreementState::Suspended => {}
        }
        record.termination = Some(standstill(acting, now, reason)?);
        Ok(())
    })
    .await?;
    Ok(flow::shown(StatusCode::OK, stored, &acting))
}

/// Those who signed it put it out of force, and the operator where the law or an incident asks for it; a supplier who runs
/// an application under it does not.
fn must_be_bound(acting: &Acting, record: &AgreementRecord) -> Result<(), Refusal> {
    let own = acting.organisation();
    if acting.is_operator() || record.terms.signatories().any(|party| party == own) {
        return Ok(());
    }
    Err(refuse::not_allowed(
        "Only a producer or consumer of the agreement puts it out of force.",
    ))
}

fn standstill(acting: &Acting, now: crate::model::Moment, reason: Reason) -> Result<Standstill, Refusal> {
    if reason.reason.trim().is_empty() || reason.reason.chars().count() > 1_000 {
        let breach = Breach::new("reason", "must have 1 to 1000 characters");
        return Err(refuse::breaches(vec![breach]));
    }
    Ok(Standstill {
        organisation_id: acting.organisation().to_owned(),
        member_id: acting.member.member_id.clone(),
        at: now,
        reason: reason.reason,
    })
}
