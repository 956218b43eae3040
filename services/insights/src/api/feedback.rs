//! `POST /impressions`: a person is asked. `POST /feedback`: the person answers, once.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{ContactKind, Links, Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use service_host::{Caller, Json, Path, Refusal};
use utoipa::ToSchema;

use crate::api::publications::word;
use crate::api::{failed, invalid};
use crate::batch::{Answer, JourneyStep, Reason};
use crate::store::{Recorded, Store};

/// Which contact a person is asked about.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"organisationId": "skatteverket", "channelKind": "phone", "step": "wait"}))]
pub(crate) struct NewImpression {
    /// The agency that the contact was with.
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) organisation_id: String,
    /// The channel.
    pub(crate) channel_kind: ContactKind,
    /// Where in the matter the contact was made, when that is known.
    #[serde(default)]
    pub(crate) step: Option<JourneyStep>,
}

/// A question that was put to a person; it can be answered once.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Impression {
    /// Its id; goes with the answer.
    pub(crate) impression_id: String,
    /// Whether it has been answered and counted.
    pub(crate) counted: bool,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// An answer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"impressionId": "5f0c6f0e-6a0f-4d8c-9a55-6d2f3f1a7c11", "effort": 2, "treatment": 5, "clarity": 4, "gotAnswer": true, "reasonForContact": "wantedStatus"}))]
pub(crate) struct NewFeedback {
    /// Which question it answers.
    #[schema(min_length = 1, max_length = 64)]
    pub(crate) impression_id: String,
    /// How hard it was, from 1 (very easy) to 7 (very hard).
    #[schema(minimum = 1, maximum = 7)]
    pub(crate) effort: u8,
    /// How the person was treated, from 1 to 5.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 5)]
    pub(crate) treatment: Option<u8>,
    /// How clear the answer was, from 1 to 5.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 5)]
    pub(crate) clarity: Option<u8>,
    /// Whether the person got an answer.
    pub(crate) got_answer: bool,
    /// Why contact was made.
    #[serde(default)]
    pub(crate) reason_for_contact: Option<Reason>,
}

/// Create an impression
///
/// En fråga ställs till en person om en kontakt. Den kan besvaras en gång och säger inget om vem personen är.
/// A person is asked about a contact. It can be answered once and says nothing of who the person is.
#[utoipa::path(
    post, path = "/impressions", operation_id = "createImpression", tag = "feedback",
    request_body(content = NewImpression, description = "Kontakten. The contact.", examples(
        ("impression" = (summary = "Ett samtal. A call.", value = json!({"organisationId": "skatteverket", "channelKind": "phone", "step": "wait"}))))),
    responses(
        (status = 201, description = "Frågan. The question.", body = Impression, examples(
            ("impression" = (summary = "Obesvarad. Not answered.", value = json!({"impressionId": "5f0c6f0e-6a0f-4d8c-9a55-6d2f3f1a7c11", "counted": false, "_links": [{"href": "https://api.vagvisare.example/insights/v1/impressions/5f0c6f0e-6a0f-4d8c-9a55-6d2f3f1a7c11", "rel": "self", "method": "GET"}]}))))),
        (status = 422, description = "Uppgifterna kan inte tas emot. They cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_impression(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Json(new): Json<NewImpression>,
) -> Result<(StatusCode, Json<Impression>), Refusal> {
    let id = &new.organisation_id;
    let safe = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if id.is_empty() || id.len() > 100 || !safe {
        return Err(invalid(
            "organisationId",
            "must be an organisation's id: letters, digits and hyphens, at most 100",
        ));
    }
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let impression_id = store
        .impression(id, &word(new.channel_kind), new.step, today)
        .await
        .map_err(failed)?;
    Ok((StatusCode::CREATED, Json(shown(impression_id, false, &caller))))
}

fn shown(impression_id: String, counted: bool, caller: &Caller) -> Impression {
    let links = Links::to_self(format!("{}/impressions/{impression_id}", caller.base_url));
    Impression {
        impression_id,
        counted,
        links,
    }
}

/// Get an impression
///
/// Om frågan har besvarats och räknats.
/// Whether the question has been answered and counted.
#[utoipa::path(
    get, path = "/impressions/{impressionId}", operation_id = "getImpression", tag = "feedback",
    params(("impressionId" = String, Path, description = "Frågans id. The question's id.", example = "5f0c6f0e-6a0f-4d8c-9a55-6d2f3f1a7c11")),
    responses(
        (status = 200, description = "Frågan. The question.", body = Impression, examples(
            ("impression" = (summary = "Räknad. Counted.", value = json!({"impressionId": "5f0c6f0e-6a0f-4d8c-9a55-6d2f3f1a7c11", "counted": true, "_links": [{"href": "https://api.vagvisare.example/insights/v1/impressions/5f0c6f0e-6a0f-4d8c-9a55-6d2f3f1a7c11", "rel": "self", "method": "GET"}]}))))),
        (status = 404, description = "Det finns ingen sådan fråga. There is no such question.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_impression(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Path(impression_id): Path<String>,
) -> Result<Json<Impression>, Refusal> {
    let answered = store.answered(&impression_id).await.map_err(failed)?;
    let counted = answered.ok_or_else(|| Refusal::of(ProblemKind::NotFound, "There is no such impression."))?;
    Ok(Json(shown(impression_id, counted, &caller)))
}

/// Give feedback
///
/// Svaret på en fråga, en gång. Svaret sparas utan koppling till frågan eller personen.
/// The answer to a question, once. It is kept without a link to the question or the person.
#[utoipa::path(
    post, path = "/feedback", operation_id = "createFeedback", tag = "feedback",
    request_body(content = NewFeedback, description = "Svaret. The answer.", examples(
        ("feedback" = (summary = "Ett svar. An answer.", value = json!({"impressionId": "5f0c6f0e-6a0f-4d8c-9a55-6d2f3f1a7c11", "effort": 2, "gotAnswer": true, "reasonForContact": "wantedStatus"}))))),
    responses(
        (status = 201, description = "Räknat. Counted.", body = Impression, examples(
            ("counted" = (summary = "Räknat. Counted.", value = json!({"impressionId": "5f0c6f0e-6a0f-4d8c-9a55-6d2f3f1a7c11", "counted": true, "_links": [{"href": "https://api.vagvisare.example/insights/v1/impressions/5f0c6f0e-6a0f-4d8c-9a55-6d2f3f1a7c11", "rel": "self", "method": "GET"}]}))))),
        (status = 404, description = "Det finns ingen sådan fråga. There is no such question.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Frågan är redan besvarad. It has been answered already.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Svaret kan inte tas emot. The answer cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_feedback(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Json(new): Json<NewFeedback>,
) -> Result<(StatusCode, Json<Impression>), Refusal> {
    if !(1..=7).contains(&new.effort) {
        return Err(invalid("effort", "must be from 1 to 7"));
    }
    for (field, value) in [("treatment", new.treatment), ("clarity", new.clarity)] {
        if value.is_some_and(|value| !(1..=5).contains(&value)) {
            return Err(invalid(field, "must be from 1 to 5"));
        }
    }
    let answer = Answer {
        effort: new.effort,
        treatment: new.treatment,
        clarity: new.clarity,
        got_answer: new.got_answer,
        reason: new.reason_for_contact,
        // The impression knows it.
        step: None,
    };
    match store
        .record(&new.impression_id, &answer, Timestamp::now())
        .await
        .map_err(failed)?
    {
        Recorded::Counted => Ok((StatusCode::CREATED, Json(shown(new.impression_id, true, &caller)))),
        Recorded::NoImpression => Err(Refusal::of(ProblemKind::NotFound, "There is no such impression.")),
        Recorded::Already => Err(Refusal::of(
            ProblemKind::Conflict,
            "This impression has been answered already.",
        )),
    }
}
