//! The shapes of requests and answers.

use model::hours::Opening;
use model::{ContactKind, ContactPoint, Links, LocalizedText, Meta};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::example;
use crate::data::needs::{AreaFrom, Level};
use crate::engine::Outcome;

/// The language of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum QuestionLanguage {
    /// Swedish.
    Sv,
    /// English.
    En,
}

/// A question in the person's own words.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!(example::question()))]
pub(crate) struct RouteQuestion {
    /// The question, at most 2,000 characters. Leave out names, numbers and other personal data; it is not kept.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) question: String,
    /// The language to assume when the words do not tell; Swedish if left out.
    #[serde(default)]
    pub(crate) language: Option<QuestionLanguage>,
    /// The municipality that the person has chosen, by four-digit code or name.
    #[serde(default)]
    pub(crate) municipality: Option<String>,
    /// Which channels the person would like; others are shown only when none of these exist.
    #[serde(default)]
    pub(crate) channels: Vec<ContactKind>,
    /// For which time to say what is open; now if left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-26T10:00:00Z")]
    pub(crate) time: Option<jiff::Timestamp>,
}

/// A way to reach an organisation, and whether it is open.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenContactPoint {
    /// The way.
    #[serde(flatten)]
    pub(crate) point: ContactPoint,
    /// Whether it is open, and when next; Swedish holidays are counted as closed.
    pub(crate) opening: Opening,
}

/// A need and a municipality.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct NeedQuery {
    /// The need's id, from `/needs`. Behovets id, från `/needs`.
    #[param(example = "building-permit", required = true, value_type = String)]
    pub(crate) need: Option<String>,
    /// Municipality by four-digit code or name. Kommun, som fyrsiffrig kod eller namn.
    #[param(example = "1283")]
    pub(crate) municipality: Option<String>,
}

/// A need, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NeedName {
    /// The need's id.
    pub(crate) need_id: String,
    /// What it is called.
    pub(crate) name: LocalizedText,
}

/// The area that decided.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnswerArea {
    /// Four-digit municipality code, when a place decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) municipality_code: Option<String>,
    /// The municipality's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) municipality: Option<String>,
    /// Two-digit county code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) county_code: Option<String>,
}

/// One rule that led to the answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Because {
    /// Which rule: the need's, its legal basis, or an exception.
    pub(crate) rule_id: String,
    /// The rule in words.
    pub(crate) text: LocalizedText,
}

/// An organisation that is or may be responsible.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteCandidate {
    /// The organisation's id.
    pub(crate) organisation_id: String,
    /// The official name, as the register has it.
    pub(crate) organisation_name: String,
    /// The need that it answers for.
    pub(crate) need_id: String,
    /// On which level.
    pub(crate) level: Level,
    /// The area that decided; empty when no place matters.
    pub(crate) area: AnswerArea,
    /// Why this organisation.
    pub(crate) reason: LocalizedText,
    /// From 0 to 1.
    pub(crate) confidence: f32,
    /// The rules, in words.
    pub(crate) because: Vec<Because>,
    /// How to reach it; always a way without an e-identification.
    pub(crate) contact_points: Vec<OpenContactPoint>,
}

/// What an ask-back wants to know.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AskFor {
    /// Which municipality.
    Municipality,
    /// Which kind of matter.
    Need,
}

/// One question that decides.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteAskBack {
    /// What it wants to know.
    pub(crate) about: AskFor,
    /// What to ask.
    pub(crate) question: LocalizedText,
    /// Needs to choose between; empty when a municipality is asked for.
    pub(crate) options: Vec<NeedName>,
}

/// A number to call.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmergencyNumber {
    /// The number.
    pub(crate) number: String,
    /// What it is.
    pub(crate) text: LocalizedText,
}

/// Danger: show this before anything else.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteEmergency {
    /// Which kind.
    pub(crate) emergency_id: String,
    /// What it is called.
    pub(crate) name: LocalizedText,
    /// What to do.
    pub(crate) advice: LocalizedText,
    /// Numbers, the first one first.
    pub(crate) numbers: Vec<EmergencyNumber>,
}

/// No authority is responsible.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteNotPublic {
    /// Why no authority is.
    pub(crate) explanation: LocalizedText,
    /// Who is instead.
    pub(crate) instead: LocalizedText,
}

/// The answer to a question.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteAnswer {
    /// What kind of answer it is.
    pub(crate) outcome: Outcome,
    /// What the question was taken to be about; left out when it is not clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) understood_as: Option<NeedName>,
    /// The responsible organisation and then runners-up; empty unless `outcome` is `organisation`.
    pub(crate) candidates: Vec<RouteCandidate>,
    /// With `askBack`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ask_back: Option<RouteAskBack>,
    /// With `emergency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) emergency: Option<RouteEmergency>,
    /// With `notPublic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_public: Option<RouteNotPublic>,
    /// Where the facts come from.
    pub(crate) sources: Vec<String>,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// Who is responsible for a need, as a rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResponsibleRule {
    /// The level of the general rule.
    pub(crate) level: Level,
    /// The organisation, when it is the same everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organisation_id: Option<String>,
    /// Who it is instead, when it is nobody public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instead: Option<LocalizedText>,
    /// Which place decides.
    pub(crate) area_from: AreaFrom,
    /// Where it is otherwise, in words.
    pub(crate) exceptions: Vec<String>,
}

/// A need.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NeedView {
    /// The need's id.
    pub(crate) need_id: String,
    /// What it is called.
    pub(crate) name: LocalizedText,
    /// Its topic.
    pub(crate) topic: String,
    /// How people ask for it.
    pub(crate) questions: Vec<LocalizedText>,
    /// Needs that are easily taken for it.
    pub(crate) not_this: Vec<NeedName>,
    /// Who is responsible.
    pub(crate) responsible_rule: ResponsibleRule,
    /// Why.
    pub(crate) reason: LocalizedText,
    /// The legal basis, when it is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) legal_basis: Option<String>,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// An organisation with how to reach it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganisationView {
    /// The organisation.
    #[serde(flatten)]
    pub(crate) organisation: model::Organisation,
    /// How to reach it.
    pub(crate) contact_points: Vec<OpenContactPoint>,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// A municipality.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MunicipalityView {
    /// Four digits.
    pub(crate) municipality_code: String,
    /// Official name.
    pub(crate) name: String,
    /// Two digits.
    pub(crate) county_code: String,
    /// The county's name.
    pub(crate) county: String,
    /// The municipality as an organisation.
    pub(crate) organisation_id: String,
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident { $field:ident: $item:ty })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name {
            /// The items of this page.
            pub(crate) $field: Vec<$item>,
            /// This page and those around it.
            #[serde(rename = "_links")]
            pub(crate) links: Links,
            /// Which page of how many.
            #[serde(rename = "_meta")]
            pub(crate) meta: Meta,
        }
    )+};
}

lists! {
    /// Needs.
    NeedList { needs: NeedView }
    /// Organisations.
    OrganisationList { organisations: OrganisationView }
    /// Municipalities.
    MunicipalityList { municipalities: MunicipalityView }
}

/// Which part of a list, and a search in it.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ListQuery {
    /// The beginning of a name or of a word in it, as it is being typed. Början av ett namn eller av ett ord i det.
    #[param(example = "skatt")]
    pub(crate) query: Option<String>,
    /// Page, from 1. Sida, från 1.
    #[param(minimum = 1, default = 1)]
    pub(crate) page: Option<u64>,
    /// At most how many on a page. Högst så många på en sida.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: Option<u64>,
}
