//! The shapes of life events and plans.

use jiff::civil::Date;
use model::{CaseStatus, Links, LocalizedText, Meta};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::data::needs::Responsible;
use crate::engine::{Engine, Outcome};
use crate::life::plan::StepState;
use crate::life::{LifeEvent, LifeQuestion, Step};

/// A question that is answered with yes or no.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LifeQuestionView {
    /// Its id.
    pub(crate) question_id: String,
    /// The question.
    pub(crate) text: LocalizedText,
}

/// Whose step it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepHolder {
    /// The organisation, when it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organisation_id: Option<String>,
    /// Its name; or which kind it is, when the municipality is not known or nobody public does it.
    pub(crate) name: LocalizedText,
}

/// A step of a life event.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LifeStep {
    /// Unique within the event.
    pub(crate) step_id: String,
    /// What to do.
    pub(crate) what: LocalizedText,
    /// The need that it meets, in contact routing.
    pub(crate) need_id: String,
    /// Whose step it is.
    pub(crate) holder: StepHolder,
    /// When, in words.
    pub(crate) when: LocalizedText,
    /// The first day, counted from the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from_day: Option<i32>,
    /// The last day, counted from the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) by_day: Option<i32>,
    /// The law that sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) legal_basis: Option<String>,
    /// Whether the law and what it says of days was found in a source; else check it before you rely on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) legal_basis_confirmed: Option<bool>,
    /// Whether it can be done before the event.
    pub(crate) in_advance: bool,
    /// Whether it happens by itself.
    pub(crate) automatic: bool,
    /// Steps that must be done before.
    pub(crate) after: Vec<String>,
    /// The question that decides whether it applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) if_question_id: Option<String>,
    /// The answer with which it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) if_answer: Option<bool>,
}

/// A life event.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LifeEventView {
    /// Its id.
    pub(crate) life_event_id: String,
    /// A short Swedish name that also finds it.
    pub(crate) alias: String,
    /// What it is called.
    pub(crate) name: LocalizedText,
    /// Which day the steps are counted from, as a question.
    pub(crate) day_question: LocalizedText,
    /// What to ask to know which steps apply.
    pub(crate) questions: Vec<LifeQuestionView>,
    /// The steps, in an order that can be followed.
    pub(crate) steps: Vec<LifeStep>,
    /// Links; `icon` leads to the drawing.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// Life events.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LifeEventList {
    /// The life events of this page.
    pub(crate) life_events: Vec<LifeEventView>,
    /// This page and those around it.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
    /// Which page of how many.
    #[serde(rename = "_meta")]
    pub(crate) meta: Meta,
}

/// An answer to a question.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"questionId": "unmarried", "answer": true}))]
pub(crate) struct LifeAnswer {
    /// The question.
    #[schema(min_length = 1, max_length = 60)]
    pub(crate) question_id: String,
    /// Yes or no.
    pub(crate) answer: bool,
}

/// What is known of the person's situation; only what they want to say.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!(example_request()))]
pub(crate) struct NewPlan {
    /// The life event, by its id or alias.
    #[schema(min_length = 1, max_length = 60)]
    pub(crate) life_event_id: String,
    /// The municipality, by four-digit code or name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 60)]
    pub(crate) municipality: Option<String>,
    /// The event's day.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date, example = "2027-01-15")]
    pub(crate) date: Option<Date>,
    /// Answers to the event's questions.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(crate) answers: Vec<LifeAnswer>,
    /// Steps that are done.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(crate) done: Vec<String>,
    /// The language of a drawing; Swedish if left out.
    #[serde(default)]
    pub(crate) language: Option<DrawingLanguage>,
}

/// The language of a drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DrawingLanguage {
    /// Swedish.
    #[default]
    Sv,
    /// English.
    En,
}

impl DrawingLanguage {
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Sv => "sv",
            Self::En => "en",
        }
    }
}

/// A step's real case.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepCase {
    /// Its id in case status.
    #[schema(format = "uuid")]
    pub(crate) case_id: String,
    /// How far it has come.
    pub(crate) status: CaseStatus,
    /// Where it is read.
    #[schema(format = "uri")]
    pub(crate) href: String,
}

/// A step of a plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanStep {
    /// The step.
    pub(crate) step: LifeStep,
    /// How far it has come.
    pub(crate) state: StepState,
    /// The first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2027-01-15")]
    pub(crate) from_date: Option<Date>,
    /// The last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2027-01-29")]
    pub(crate) by_date: Option<Date>,
    /// Whether the last day has passed and it is not done.
    pub(crate) late: bool,
    /// A question that decides whether it applies, not yet answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) depends_on_question_id: Option<String>,
    /// The person's case about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) case: Option<StepCase>,
}

/// What became of the person's cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CaseKnowledge {
    /// No person's token with the scope `cases.read` was given.
    NotAsked,
    /// Every source answered.
    Complete,
    /// Some source did not answer: a step may have a case that is not shown.
    Incomplete,
}

/// A person's plan. It is not kept: send the situation again to see it again.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanView {
    /// The life event.
    pub(crate) life_event_id: String,
    /// What it is called.
    pub(crate) name: LocalizedText,
    /// Questions that are not answered; an answer may drop steps.
    pub(crate) questions: Vec<LifeQuestionView>,
    /// Steps that apply or may apply, in order.
    pub(crate) steps: Vec<PlanStep>,
    /// What to do first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_step_id: Option<String>,
    /// How many steps are done.
    pub(crate) done_count: usize,
    /// Steps that were dropped since they do not apply.
    pub(crate) dropped_step_ids: Vec<String>,
    /// What became of the person's cases.
    pub(crate) cases: CaseKnowledge,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

pub(crate) fn question(one: &LifeQuestion) -> LifeQuestionView {
    LifeQuestionView {
        question_id: one.id.clone(),
        text: one.text.clone(),
    }
}

/// Whose a need is, in a municipality when that is known.
pub(crate) fn holder(engine: &Engine, need_id: &str, municipality: Option<&str>) -> StepHolder {
    let Some(need) = engine.need(need_id) else {
        return StepHolder {
            organisation_id: None,
            name: LocalizedText::default(),
        };
    };
    let answer = engine.by_need(need, municipality);
    let found = answer
        .candidates
        .first()
        .filter(|_| answer.outcome == Outcome::Organisation);
    if let Some(one) = found {
        return StepHolder {
            organisation_id: Some(one.organisation.id.clone()),
            name: match &one.organisation.name_en {
                Some(english) => LocalizedText::new(&one.organisation.name, english),
                None => LocalizedText::swedish(&one.organisation.name),
            },
        };
    }
    let name = match &need.responsible {
        Responsible::NotPublic(instead) => instead.clone(),
        Responsible::Agency(name) => LocalizedText::swedish(name),
        Responsible::Municipality => LocalizedText::new("Kommunen", "The municipality"),
        Responsible::Region => LocalizedText::new("Regionen", "The region"),
        Responsible::CountyBoard | Responsible::ConcentratedCountyBoard => {
            LocalizedText::new("Länsstyrelsen", "The county administrative board")
        }
        Responsible::DistrictCourt => LocalizedText::new("Tingsrätten", "The district court"),
        Responsible::AdministrativeCourt => LocalizedText::new("Förvaltningsrätten", "The administrative court"),
        Responsible::RentTribunal => LocalizedText::new("Hyresnämnden", "The rent tribunal"),
        Responsible::EnvironmentCourt => {
            LocalizedText::new("Mark- och miljödomstolen", "The land and environment court")
        }
    };
    StepHolder {
        organisation_id: None,
        name,
    }
}

pub(crate) fn step(engine: &Engine, one: &Step, municipality: Option<&str>) -> LifeStep {
    LifeStep {
        step_id: one.id.clone(),
        what: one.what.clone(),
        need_id: one.need.clone(),
        holder: holder(engine, &one.need, municipality),
        when: one.when(),
        from_day: one.from,
        by_day: one.by,
        legal_basis: one.law.clone(),
        legal_basis_confirmed: one.law.as_ref().map(|_| !one.unconfirmed),
        in_advance: one.in_advance(),
        automatic: one.automatic,
        after: one.after.clone(),
        if_question_id: one.only_if.as_ref().map(|(question, _)| question.clone()),
        if_answer: one.only_if.as_ref().map(|(_, answer)| *answer),
    }
}

pub(crate) fn event(engine: &Engine, one: &LifeEvent, base: &str) -> LifeEventView {
    let own = format!("{base}/life-events/{}", one.id);
    LifeEventView {
        life_event_id: one.id.clone(),
        alias: one.alias.clone(),
        name: one.name.clone(),
        day_question: one.day.clone(),
        questions: one.questions.iter().map(question).collect(),
        steps: one.steps.iter().map(|one| step(engine, one, None)).collect(),
        links: Links::to_self(&own)
            .and("icon", format!("{own}/drawing"))
            .and("collection", format!("{base}/life-events")),
    }
}

const BASE: &str = "https://api.vagvisare.example/life-events/v1";

fn example_step() -> Value {
    json!({
        "stepId": "name", "what": {"sv": "Anmäl barnets namn", "en": "Report the child's name"}, "needId": "name-child",
        "holder": {"organisationId": "skatteverket", "name": {"sv": "Skatteverket", "en": "Swedish Tax Agency"}},
        "when": {"sv": "samma dag, senast 3 månader efter", "en": "from the same day, at the latest 3 months after"},
        "fromDay": 0, "byDay": 90, "legalBasis": "lagen om personnamn 5 och 26 §§", "legalBasisConfirmed": true, "inAdvance": false, "automatic": false,
        "after": ["birth-notice"]
    })
}

fn example_questions() -> Value {
    json!([{"questionId": "unmarried", "text": {"sv": "Är föräldrarna ogifta?", "en": "Are the parents unmarried?"}}])
}

pub(crate) fn example_event() -> Value {
    json!({
        "lifeEventId": "child", "alias": "barn",
        "name": {"sv": "Vi väntar eller har fått barn", "en": "We are expecting or have had a child"},
        "dayQuestion": {"sv": "Vilken dag är barnet beräknat eller fött?", "en": "On which day is the child due, or was it born?"},
        "questions": example_questions(), "steps": [example_step()],
        "_links": [{"href": format!("{BASE}/life-events/child"), "rel": "self", "method": "GET"}]
    })
}

pub(crate) fn example_list() -> Value {
    json!({
        "lifeEvents": [example_event()],
        "_links": [{"href": format!("{BASE}/life-events?page=1&limit=20"), "rel": "self", "method": "GET"}],
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}

pub(crate) fn example_request() -> Value {
    json!({"lifeEventId": "barn", "municipality": "Helsingborg", "date": "2027-01-15",
           "answers": [{"questionId": "unmarried", "answer": true}], "done": ["plan-leave"]})
}

pub(crate) fn example_plan() -> Value {
    json!({
        "lifeEventId": "child", "name": {"sv": "Vi väntar eller har fått barn", "en": "We are expecting or have had a child"},
        "questions": [], "nextStepId": "name", "doneCount": 0, "droppedStepIds": ["passport"], "cases": "notAsked",
        "steps": [{"step": example_step(), "state": "ready", "fromDate": "2027-01-15", "byDate": "2027-04-15", "late": false}],
        "_links": [{"href": format!("{BASE}/life-events/child"), "rel": "describedby", "method": "GET"}]
    })
}
