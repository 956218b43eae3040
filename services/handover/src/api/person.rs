//! What the person does: sees exactly what is shared, says yes to it, takes it back.

use std::sync::Arc;

use axum::extract::State as Shared;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::{Links, Problem, ProblemKind};
use service_host::{Caller, Json, Path, Query, Refusal};

use crate::api::schema::{Acceptance, HandoverView, Preview, PreviewItem, Side, SideQuery, example, example_preview};
use crate::api::{Handovers, failed, organisation, person, receipt};
use crate::handover::{State, sha256};
use crate::store::Asker;

/// Preview a handover
///
/// Visar personen exakt vad som delas, byte för byte, och noterar att det är visat. Ett anrop som ändrar tillstånd, därför
/// POST. Shows the person exactly what is shared, byte for byte, and notes that it was shown. It changes the state, hence
/// POST.
#[utoipa::path(
    post, path = "/handovers/{handoverId}/previews", operation_id = "previewHandover", tag = "person",
    security(("personToken" = ["handovers.write"])),
    params(("handoverId" = String, Path, description = "Överlämningens id. The handover's id.", example = "01930000-0000-7000-8000-000000000001")),
    responses(
        (status = 200, description = "Det som delas. What is shared.", body = Preview, examples(("preview" = (summary = "En överlämning. A handover.", value = json!(example_preview()))))),
        (status = 403, description = "Personens medgivande saknas. The person's permission is missing.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan överlämning. There is no such handover.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Den är redan skickad eller slut. It has left already, or has ended.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn preview_handover(
    Shared(handovers): Shared<Arc<Handovers>>,
    caller: Caller,
    Path(handover_id): Path<String>,
) -> Result<Json<Preview>, Refusal> {
    let who = person(&caller)?;
    let store = &handovers.store;
    let found = store.get(&Asker::Person(&who), &handover_id).await.map_err(failed)?;
    store
        .advance(&found.id, receipt(State::Previewed, "person"))
        .await
        .map_err(failed)?;
    let found = store.get(&Asker::Person(&who), &handover_id).await.map_err(failed)?;
    let contents = store.contents(&found).await.map_err(failed)?;
    let items = found.details.items.iter().zip(&contents);
    let items = items.map(|(item, bytes)| PreviewItem {
        item: item.clone(),
        content: STANDARD.encode(bytes),
    });
    let manifest = found.manifest();
    Ok(Json(Preview {
        items: items.collect(),
        sha256: sha256(manifest.as_bytes()),
        manifest,
        links: Links::default().and("related", format!("{}/handovers/{}", caller.base_url, found.id)),
        handover: HandoverView::of(found, &caller),
    }))
}

/// Accept a handover
///
/// Personen säger ja till just det som visades, med dess hash. Därmed skickas det.
/// The person says yes to just what was shown, by its hash. With that it is sent.
#[utoipa::path(
    post, path = "/handovers/{handoverId}/acceptances", operation_id = "acceptHandover", tag = "person",
    security(("personToken" = ["handovers.write"])),
    params(("handoverId" = String, Path, description = "Överlämningens id. The handover's id.", example = "01930000-0000-7000-8000-000000000001")),
    request_body(content = Acceptance, description = "Personens ja. The person's yes.", examples(
        ("yes" = (summary = "Till det som visades. To what was shown.", value = json!({"sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}))))),
    responses(
        (status = 200, description = "Skickad. Sent.", body = HandoverView, examples(("sent" = (summary = "Skickad. Sent.", value = json!(example(State::Sent)))))),
        (status = 403, description = "Medgivande eller avtal saknas. Permission or agreement is missing.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan överlämning. There is no such handover.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Den är inte visad, eller en annan visades. It was not shown, or another one was.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Svaret kan inte tas emot. It cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn accept_handover(
    Shared(handovers): Shared<Arc<Handovers>>,
    caller: Caller,
    Path(handover_id): Path<String>,
    Json(yes): Json<Acceptance>,
) -> Result<Json<HandoverView>, Refusal> {
    let who = person(&caller)?;
    let store = &handovers.store;
    let found = store.get(&Asker::Person(&who), &handover_id).await.map_err(failed)?;
    if yes.sha256 != sha256(found.manifest().as_bytes()) {
        let detail = "That is not the hash of this handover. Preview it and accept what is shown.";
        return Err(Refusal::of(ProblemKind::Conflict, detail));
    }
    // It may have ended since the handover was made.
    handovers.covering(&found.from, &found.to, &found.details)?;
    store
        .advance(&found.id, receipt(State::Sent, "person"))
        .await
        .map_err(failed)?;
    let found = store.get(&Asker::Person(&who), &handover_id).await.map_err(failed)?;
    Ok(Json(HandoverView::of(found, &caller)))
}

/// Withdraw a handover
///
/// Personen eller avsändaren tar tillbaka den. Det som inte hämtats hämtas aldrig; har mottagaren redan hämtat något syns
/// det bland kvittona. The person or the sender takes it back. What was not fetched never is; if the recipient has fetched
/// something, the receipts say so.
#[utoipa::path(
    post, path = "/handovers/{handoverId}/withdrawals", operation_id = "withdrawHandover", tag = "person",
    params(("handoverId" = String, Path, description = "Överlämningens id. The handover's id.", example = "01930000-0000-7000-8000-000000000001"), SideQuery),
    responses(
        (status = 200, description = "Tillbakatagen. Taken back.", body = HandoverView, examples(("withdrawn" = (summary = "Tillbakatagen. Taken back.", value = json!(example(State::Withdrawn)))))),
        (status = 403, description = "Den som anropar får inte. The caller may not.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan överlämning. There is no such handover.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Den är redan slut. It has ended already.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw_handover(
    Shared(handovers): Shared<Arc<Handovers>>,
    caller: Caller,
    Path(handover_id): Path<String>,
    Query(query): Query<SideQuery>,
) -> Result<Json<HandoverView>, Refusal> {
    let (who, by) = match query.side.unwrap_or_default() {
        Side::Person => (Some(person(&caller)?), "person"),
        Side::Sender => (None, organisation(&caller)?),
        Side::Recipient => {
            let detail = "A recipient does not withdraw; it refuses, with a receipt.";
            return Err(Refusal::of(ProblemKind::NotAllowed, detail));
        }
    };
    let asker = who.as_ref().map_or(Asker::Sender(by), Asker::Person);
    let store = &handovers.store;
    let found = store.get(&asker, &handover_id).await.map_err(failed)?;
    store
        .advance(&found.id, receipt(State::Withdrawn, by))
        .await
        .map_err(failed)?;
    let found = store.get(&asker, &handover_id).await.map_err(failed)?;
    Ok(Json(HandoverView::of(found, &caller)))
}
