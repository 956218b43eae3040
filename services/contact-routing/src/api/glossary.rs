//! `GET /glossary`: official words in plain ones. `POST /glossary/annotations`: the same in a text of the caller's.

use std::sync::Arc;

use axum::extract::State;
use model::{Links, LocalizedText, Meta, Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use service_host::{Caller, Json, Query, Refusal, page};
use utoipa::ToSchema;

use crate::api::directory::{self, MOST};
use crate::api::schema::ListQuery;
use crate::data::glossary::Term;
use crate::entries::Known;

/// The longest text that is annotated, in characters.
const LONGEST: usize = 8_000;

/// An official word and what it means.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TermView {
    /// The word.
    pub(crate) term: LocalizedText,
    /// What it means in plain words.
    pub(crate) explanation: LocalizedText,
    /// Organisations that use it, by official name; `+municipality`, `+region`, `+court`, `+state` for all of a kind.
    pub(crate) used_by: Vec<String>,
}

/// Terms.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TermList {
    /// The terms of this page.
    pub(crate) terms: Vec<TermView>,
    /// This page and those around it.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
    /// Which page of how many.
    #[serde(rename = "_meta")]
    pub(crate) meta: Meta,
}

/// A text to explain.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"text": "Som kund kan du begära omprövning.", "organisationId": "skatteverket"}))]
pub(crate) struct TextToAnnotate {
    /// The text in Swedish, at most 8,000 characters. It is not kept.
    #[schema(min_length = 1, max_length = 8000)]
    pub(crate) text: String,
    /// Whose text it is: then words for people that it did not register are pointed out.
    #[serde(default)]
    pub(crate) organisation_id: Option<String>,
}

/// A term where it stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Annotation {
    /// First character, from 0.
    pub(crate) start: usize,
    /// One after the last character.
    pub(crate) end: usize,
    /// The term.
    pub(crate) term: LocalizedText,
    /// What it means.
    pub(crate) explanation: LocalizedText,
}

/// A word for people that the organisation does not use.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RelationWord {
    /// First character, from 0.
    pub(crate) start: usize,
    /// One after the last character.
    pub(crate) end: usize,
    /// The word that the organisation registered.
    pub(crate) instead: LocalizedText,
}

/// A text with its terms explained.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnnotatedText {
    /// The terms in it.
    pub(crate) annotations: Vec<Annotation>,
    /// Words for people that are not the organisation's own.
    pub(crate) relation_words: Vec<RelationWord>,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

fn view(term: &Term) -> TermView {
    TermView {
        term: term.name.clone(),
        explanation: term.explanation.clone(),
        used_by: term.used_by.clone(),
    }
}

/// List the glossary
///
/// Myndighetsord med vardaglig förklaring, och vilka som använder dem.
/// Official words with a plain explanation, and who uses them.
#[utoipa::path(
    get, path = "/glossary", operation_id = "listGlossary", tag = "glossary",
    params(ListQuery),
    responses((status = 200, description = "Orden. The words.", body = TermList, examples(
        ("terms" = (summary = "Ett ord. A word.", value = json!({
            "terms": [{
                "term": {"sv": "anstånd", "en": "respite"},
                "explanation": {"sv": "Du får mer tid på dig att lämna in eller betala.", "en": "You get more time to hand in or pay."},
                "usedBy": ["Skatteverket"]
            }],
            "_links": [{"href": "https://api.vagvisare.example/contact-routing/v1/glossary?page=1&limit=20", "rel": "self", "method": "GET"}],
            "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
        }))))))
)]
pub(crate) async fn list_glossary(
    State(known): State<Arc<Known>>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<TermList>, Refusal> {
    let page = page(query.page, query.limit, MOST)?;
    let found = directory::search(&query, known.glossary.terms.iter(), |term| {
        vec![term.name.sv.as_str(), term.name.en.as_deref().unwrap_or_default()]
    });
    let (found, meta) = page.cut(found);
    Ok(Json(TermList {
        terms: found.into_iter().map(view).collect(),
        links: page.links(
            &format!("{}/glossary", caller.base_url),
            &directory::others(&query),
            meta.total_records,
        ),
        meta,
    }))
}

/// Annotate a text
///
/// Förklarar myndighetsorden i en text, och pekar ut ord för människor som organisationen inte har registrerat.
/// Explains the official words in a text, and points out words for people that the organisation did not register.
#[utoipa::path(
    post, path = "/glossary/annotations", operation_id = "annotateText", tag = "glossary",
    request_body(content = TextToAnnotate, description = "Texten. The text.", examples(
        ("text" = (summary = "En mening. A sentence.", value = json!({"text": "Som kund kan du begära omprövning.", "organisationId": "skatteverket"}))))),
    responses(
        (status = 200, description = "Texten med förklaringar. The text with explanations.", body = AnnotatedText, examples(
            ("annotated" = (summary = "Ett förklarat ord. An explained word.", value = json!({
                "annotations": [{"start": 23, "end": 33, "term": {"sv": "omprövning", "en": "reconsideration"},
                    "explanation": {"sv": "Myndigheten tittar en gång till på sitt eget beslut.", "en": "The authority looks at its own decision once more."}}],
                "relationWords": [{"start": 4, "end": 8, "instead": {"sv": "skattebetalare", "en": "taxpayer"}}],
                "_links": [{"href": "https://api.vagvisare.example/contact-routing/v1/glossary", "rel": "related", "method": "GET"}]
            }))))),
        (status = 422, description = "Texten kan inte tas emot. The text cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn annotate_text(
    State(known): State<Arc<Known>>,
    caller: Caller,
    Json(asked): Json<TextToAnnotate>,
) -> Result<Json<AnnotatedText>, Refusal> {
    let length = asked.text.chars().count();
    if length == 0 || length > LONGEST {
        return Err(refuse("text", format!("must be from 1 to {LONGEST} characters")));
    }
    let organisation = match &asked.organisation_id {
        Some(id) => {
            let found = known.directory.organisation(id);
            Some(found.ok_or_else(|| refuse("organisationId", "is not the id of an organisation".to_owned()))?)
        }
        None => None,
    };
    let annotations = known
        .glossary
        .annotate(&asked.text)
        .into_iter()
        .map(|found| Annotation {
            start: found.start,
            end: found.end,
            term: found.term.name.clone(),
            explanation: found.term.explanation.clone(),
        });
    let wrong = organisation.map(|one| known.glossary.wrong_words(&asked.text, one));
    let relation_words = wrong.into_iter().flatten().map(|word| RelationWord {
        start: word.start,
        end: word.end,
        instead: word.instead.term.clone(),
    });
    Ok(Json(AnnotatedText {
        annotations: annotations.collect(),
        relation_words: relation_words.collect(),
        links: Links::default().and("related", format!("{}/glossary", caller.base_url)),
    }))
}

fn refuse(field: &str, message: String) -> Refusal {
    Problem::of(ProblemKind::InvalidBody)
        .detail(format!("'{field}' {message}."))
        .field(field, message)
        .into()
}
