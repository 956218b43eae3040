//! What agencies do: one makes a handover with the person's token, the other fetches it and says that it has it.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{Span, Timestamp};
use model::{Problem, ProblemKind};
use serde_json::Value;
use service_host::{Caller, Json, Path, Query, Refusal, page};
use uuid::Uuid;

use crate::api::schema::{
    Acknowledged, HandoverList, HandoverQuery, HandoverView, NewHandover, NewItem, NewReceipt, Side, SideQuery,
    example, example_list, example_message, example_new,
};
use crate::api::{Handovers, MOST_BYTES, failed, invalid, organisation, person, receipt};
use crate::handover::{Details, Handover, Item, State, sha256};
use crate::secure_message;
use crate::store::{Asker, Person};

const MOST: u64 = 100;
const MOST_ITEMS: usize = 20;
/// How long a handover holds, in days: unless it says otherwise, and at most.
const DAYS: (i64, i64) = (30, 90);

/// Create a handover
///
/// En myndighet gör i ordning en överlämning med personens åtkomstbiljett. Inget lämnar den innan personen har sett den och
/// sagt ja. An agency makes a handover ready with the person's access token. Nothing leaves before the person has seen it
/// and said yes.
#[utoipa::path(
    post, path = "/handovers", operation_id = "createHandover", tag = "agencies",
    security(("personToken" = ["handovers.write"])),
    request_body(content = NewHandover, description = "Överlämningen. The handover.", examples(
        ("handover" = (summary = "Ett beslut. A decision.", value = json!(example_new()))))),
    responses(
        (status = 201, description = "Gjord. Made.", body = HandoverView, examples(("draft" = (summary = "Inte visad ännu. Not shown yet.", value = json!(example(State::Draft)))))),
        (status = 403, description = "Avtal eller personens medgivande saknas. The agreement or the person's permission is missing.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Den kan inte tas emot. It cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_handover(
    Shared(handovers): Shared<Arc<Handovers>>,
    caller: Caller,
    Json(new): Json<NewHandover>,
) -> Result<(StatusCode, Json<HandoverView>), Refusal> {
    let from = organisation(&caller)?.to_owned();
    let who = person(&caller)?;
    for (field, value, longest) in [
        ("title", &new.title, 200),
        ("purpose", &new.purpose, 500),
        ("legalBasis", &new.legal_basis, 200),
    ] {
        text(field, value, longest)?;
    }
    for (field, value) in [
        ("toOrganisationId", Some(&new.to_organisation_id)),
        ("agreementId", Some(&new.agreement_id)),
        ("caseId", new.case_id.as_ref()),
        ("refToHandoverId", new.ref_to_handover_id.as_ref()),
    ] {
        if value.is_some_and(|value| !is_word(value, 100)) {
            return Err(invalid(field, "must be 1 to 100 letters, digits and hyphens"));
        }
    }
    let now = Timestamp::now();
    let days = |days: i64| now.checked_add(Span::new().hours(24 * days)).unwrap_or(now);
    let expires = new.expires_at.unwrap_or_else(|| days(DAYS.0));
    if expires <= now || expires > days(DAYS.1) {
        return Err(invalid("expiresAt", "must be in the future, at most 90 days away"));
    }
    let (items, contents) = items(&new.items)?;
    let conversation_id = conversation(&handovers, &from, new.ref_to_handover_id.as_deref(), &who).await?;
    let details = Details {
        title: new.title,
        purpose: new.purpose,
        legal_basis: new.legal_basis,
        agreement_id: new.agreement_id,
        case_id: new.case_id,
        confidentiality: new.confidentiality,
        conversation_id,
        ref_to_handover_id: new.ref_to_handover_id,
        items,
    };
    handovers.covering(&from, &new.to_organisation_id, &details)?;
    let made = Handover {
        id: Uuid::now_v7().to_string(),
        to: new.to_organisation_id,
        state: State::Draft,
        created: now,
        expires,
        details,
        receipts: vec![receipt(State::Draft, &from)],
        from,
    };
    handovers.store.create(&made, &who, &contents).await.map_err(failed)?;
    Ok((StatusCode::CREATED, Json(HandoverView::of(made, &caller))))
}

fn text(field: &str, value: &str, longest: usize) -> Result<(), Refusal> {
    let length = value.chars().count();
    if value.trim().is_empty() || length > longest || value.chars().any(char::is_control) {
        let message = format!("must be from 1 to {longest} characters, without control characters");
        return Err(invalid(field, &message));
    }
    Ok(())
}

fn is_word(value: &str, longest: usize) -> bool {
    (1..=longest).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Type and subtype in small letters, without parameters.
fn is_media_type(value: &str) -> bool {
    let Some((kind, subtype)) = value.split_once('/') else {
        return false;
    };
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-');
    let letters = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase());
    value.len() <= 100 && letters && !subtype.is_empty() && subtype.bytes().all(allowed)
}

/// The items and their bytes.
fn items(new: &[NewItem]) -> Result<(Vec<Item>, Vec<Vec<u8>>), Refusal> {
    if new.is_empty() || new.len() > MOST_ITEMS {
        return Err(invalid("items", "must hold from 1 to 20 items"));
    }
    let (mut items, mut contents) = (Vec::new(), Vec::new());
    for (at, one) in new.iter().enumerate() {
        let field = |name: &str| format!("items[{at}].{name}");
        if !is_word(&one.kind, 60) {
            return Err(invalid(&field("kind"), "must be 1 to 60 letters, digits and hyphens"));
        }
        text(&field("label"), &one.label, 200)?;
        if !is_media_type(&one.media_type) {
            return Err(invalid(
                &field("mediaType"),
                "must be a media type such as application/pdf",
            ));
        }
        let bytes = STANDARD.decode(&one.content).ok().filter(|bytes| !bytes.is_empty());
        let bytes = bytes.ok_or_else(|| invalid(&field("content"), "must be bytes in base64, at least one"))?;
        items.push(Item {
            item_id: (at + 1).to_string(),
            kind: one.kind.clone(),
            label: one.label.clone(),
            media_type: one.media_type.clone(),
            size: bytes.len(),
            sha256: sha256(&bytes),
        });
        contents.push(bytes);
    }
    if contents.iter().map(Vec::len).sum::<usize>() > MOST_BYTES {
        return Err(invalid("items", "must hold at most 512 KiB together"));
    }
    Ok((items, contents))
}

/// The conversation of the handover that is answered, which must be about the same person and have come to this agency.
async fn conversation(
    handovers: &Handovers,
    from: &str,
    answered: Option<&str>,
    who: &Person,
) -> Result<String, Refusal> {
    let Some(id) = answered else {
        return Ok(Uuid::new_v4().to_string());
    };
    let known = handovers.store.get(&Asker::Recipient(from), id).await.map_err(failed);
    let same = handovers.store.get(&Asker::Person(who), id).await.map_err(failed);
    match (known, same) {
        (Ok(answered), Ok(_)) => Ok(answered.details.conversation_id),
        _ => Err(invalid(
            "refToHandoverId",
            "must be a handover to your organisation about the same person",
        )),
    }
}

/// Who asks, by the side that they say they are on.
enum Who {
    Person(Person),
    Sender(String),
    Recipient(String),
}

impl Who {
    fn of(caller: &Caller, side: Side) -> Result<Self, Refusal> {
        Ok(match side {
            Side::Person => Self::Person(person(caller)?),
            Side::Sender => Self::Sender(organisation(caller)?.to_owned()),
            Side::Recipient => Self::Recipient(organisation(caller)?.to_owned()),
        })
    }

    fn asker(&self) -> Asker<'_> {
        match self {
            Self::Person(person) => Asker::Person(person),
            Self::Sender(organisation) => Asker::Sender(organisation),
            Self::Recipient(organisation) => Asker::Recipient(organisation),
        }
    }
}

/// List handovers
///
/// De som rör personen, eller med side de som den egna organisationen skickat eller fått; nyast först.
/// Those about the person, or with side those that one's own organisation has sent or got; newest first.
#[utoipa::path(
    get, path = "/handovers", operation_id = "listHandovers", tag = "agencies",
    params(HandoverQuery),
    responses(
        (status = 200, description = "Överlämningarna. The handovers.", body = HandoverList, examples(("handovers" = (summary = "En överlämning. A handover.", value = json!(example_list()))))),
        (status = 403, description = "Den som anropar får inte. The caller may not.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_handovers(
    Shared(handovers): Shared<Arc<Handovers>>,
    caller: Caller,
    Query(query): Query<HandoverQuery>,
) -> Result<Json<HandoverList>, Refusal> {
    let page = page(query.page, query.limit, MOST)?;
    let side = query.side.unwrap_or_default();
    let who = Who::of(&caller, side)?;
    let all = handovers.store.list(&who.asker()).await.map_err(failed)?;
    let (found, meta) = page.cut(all);
    let others = match side {
        Side::Person => "",
        Side::Sender => "side=sender",
        Side::Recipient => "side=recipient",
    };
    Ok(Json(HandoverList {
        handovers: found.into_iter().map(|one| HandoverView::of(one, &caller)).collect(),
        links: page.links(&format!("{}/handovers", caller.base_url), others, meta.total_records),
        meta,
    }))
}

/// Get a handover
///
/// Hur långt den har kommit, och varje kvitto.
/// How far it has come, and each receipt.
#[utoipa::path(
    get, path = "/handovers/{handoverId}", operation_id = "getHandover", tag = "agencies",
    params(("handoverId" = String, Path, description = "Överlämningens id. The handover's id.", example = "01930000-0000-7000-8000-000000000001"), SideQuery),
    responses(
        (status = 200, description = "Överlämningen. The handover.", body = HandoverView, examples(("sent" = (summary = "Skickad. Sent.", value = json!(example(State::Sent)))))),
        (status = 403, description = "Den som anropar får inte. The caller may not.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan överlämning. There is no such handover.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_handover(
    Shared(handovers): Shared<Arc<Handovers>>,
    caller: Caller,
    Path(handover_id): Path<String>,
    Query(query): Query<SideQuery>,
) -> Result<Json<HandoverView>, Refusal> {
    let who = Who::of(&caller, query.side.unwrap_or_default())?;
    let found = handovers.store.get(&who.asker(), &handover_id).await.map_err(failed)?;
    Ok(Json(HandoverView::of(found, &caller)))
}

/// Get the content of an item
///
/// Mottagaren hämtar exakt de byte som personen sade ja till; Repr-Digest bär deras hash (RFC 9530). Att det hämtats noteras.
/// The recipient fetches exactly the bytes that the person said yes to; Repr-Digest carries their hash (RFC 9530). That it
/// was fetched is noted.
#[utoipa::path(
    get, path = "/handovers/{handoverId}/items/{itemId}/content", operation_id = "getContent", tag = "agencies",
    params(("handoverId" = String, Path, description = "Överlämningens id. The handover's id.", example = "01930000-0000-7000-8000-000000000001"),
        ("itemId" = String, Path, description = "Del av överlämningen. An item of it.", example = "1")),
    responses(
        (status = 200, description = "Innehållet. The content.", body = Vec<u8>, content_type = "application/octet-stream",
            headers(("Repr-Digest" = String, description = "SHA-256 av innehållet. SHA-256 of the content."))),
        (status = 403, description = "Den som anropar får inte. The caller may not.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan överlämning. There is no such handover.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Den är slut eller tillbakatagen. It has ended or was taken back.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_content(
    Shared(handovers): Shared<Arc<Handovers>>,
    caller: Caller,
    Path((handover_id, item_id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let to = organisation(&caller)?;
    let store = &handovers.store;
    let found = store.get(&Asker::Recipient(to), &handover_id).await.map_err(failed)?;
    let at = found.details.items.iter().position(|item| item.item_id == item_id);
    let at = at.ok_or_else(|| Refusal::of(ProblemKind::NotFound, "The handover has no such item."))?;
    // Noted before anything is given: a withdrawal either comes first, or sees that it was fetched.
    store
        .advance(&found.id, receipt(State::Retrieved, to))
        .await
        .map_err(failed)?;
    let bytes = store.contents(&found).await.map_err(failed)?.into_iter().nth(at);
    let bytes = bytes.ok_or_else(|| Refusal::from(Problem::of(ProblemKind::Internal)))?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    let digest = format!("sha-256=:{}:", STANDARD.encode(digest.as_ref()));
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    // Never the sender's own media type: a browser that comes here must not run what an agency has sent.
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(digest) = HeaderValue::from_str(&digest) {
        headers.insert(HeaderName::from_static("repr-digest"), digest);
    }
    Ok(response)
}

/// Create a receipt
///
/// Mottagaren kvitterar med hashen för varje del, eller avböjer. Därmed tas innehållet bort här.
/// The recipient acknowledges by the hash of each item, or refuses. With that the contents are removed here.
#[utoipa::path(
    post, path = "/handovers/{handoverId}/receipts", operation_id = "createReceipt", tag = "agencies",
    params(("handoverId" = String, Path, description = "Överlämningens id. The handover's id.", example = "01930000-0000-7000-8000-000000000001")),
    request_body(content = NewReceipt, description = "Kvittot. The receipt.", examples(
        ("received" = (summary = "Mottaget. Received.", value = json!({"state": "received", "items": [{"itemId": "1", "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}]}))))),
    responses(
        (status = 201, description = "Kvitterad. Acknowledged.", body = HandoverView, examples(("received" = (summary = "Mottaget. Received.", value = json!(example(State::Received)))))),
        (status = 403, description = "Den som anropar får inte. The caller may not.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan överlämning. There is no such handover.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Den är inte hämtad, eller slut. It was not fetched, or has ended.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "En hash stämmer inte. A hash is wrong.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_receipt(
    Shared(handovers): Shared<Arc<Handovers>>,
    caller: Caller,
    Path(handover_id): Path<String>,
    Json(new): Json<NewReceipt>,
) -> Result<(StatusCode, Json<HandoverView>), Refusal> {
    let to = organisation(&caller)?;
    let store = &handovers.store;
    let found = store.get(&Asker::Recipient(to), &handover_id).await.map_err(failed)?;
    let state = match new.state {
        Acknowledged::Received => {
            for item in &found.details.items {
                let got = new.items.iter().find(|got| got.item_id == item.item_id);
                if got.is_none_or(|got| got.sha256 != item.sha256) {
                    let message = format!(
                        "must hold the hash of item {}, and it must be that of what was sent",
                        item.item_id
                    );
                    return Err(invalid("items", &message));
                }
            }
            State::Received
        }
        Acknowledged::Refused => {
            let reason = new.reason.as_deref();
            text("reason", reason.unwrap_or_default(), 300)?;
            State::Refused
        }
    };
    let mut given = receipt(state, to);
    given.reason = new.reason;
    store.advance(&found.id, given).await.map_err(failed)?;
    let found = store.get(&Asker::Recipient(to), &handover_id).await.map_err(failed)?;
    Ok((StatusCode::CREATED, Json(HandoverView::of(found, &caller))))
}

/// Get a handover as a secure message
///
/// Samma överlämning i den nationella formen för säkra meddelanden (SDK API 1.0.0), utan innehåll.
/// The same handover in the national form for secure messages (SDK API 1.0.0), without contents.
#[utoipa::path(
    get, path = "/handovers/{handoverId}/secure-message", operation_id = "getSecureMessage", tag = "agencies",
    params(("handoverId" = String, Path, description = "Överlämningens id. The handover's id.", example = "01930000-0000-7000-8000-000000000001"), SideQuery),
    responses(
        (status = 200, description = "Meddelandet. The message.", body = Value, examples(("message" = (summary = "Ett nytt. A new one.", value = json!(example_message()))))),
        (status = 403, description = "Den som anropar får inte. The caller may not.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Den har inte skickats, eller avtalet nämner inga adresser. It has not left, or the agreement names no addresses.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_secure_message(
    Shared(handovers): Shared<Arc<Handovers>>,
    caller: Caller,
    Path(handover_id): Path<String>,
    Query(query): Query<SideQuery>,
) -> Result<Json<Value>, Refusal> {
    let who = Who::of(&caller, query.side.unwrap_or_default())?;
    let found = handovers.store.get(&who.asker(), &handover_id).await.map_err(failed)?;
    let addresses = handovers.agreements.addresses(&found.details.agreement_id);
    let message = addresses.and_then(|addresses| secure_message::message(&found, addresses, None));
    let detail =
        "There is no secure message: the handover has not left or was taken back, or its agreement names no addresses.";
    message
        .map(Json)
        .ok_or_else(|| Refusal::of(ProblemKind::NotFound, detail))
}
