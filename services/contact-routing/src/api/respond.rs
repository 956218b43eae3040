//! From what the engine answers to what goes on the wire.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::hours::{self, Schedule};
use model::{ContactKind, ContactPoint, Link, Links, LocalizedText};

use crate::api::schema::{
    AnswerArea, AskFor, Because, EmergencyNumber, NeedName, NeedView, OpenContactPoint, OrganisationView,
    ResponsibleRule, RouteAnswer, RouteAskBack, RouteCandidate, RouteEmergency, RouteNotPublic,
};
use crate::data::contact::Contact;
use crate::data::directory::{Kind, Organisation};
use crate::data::needs::{Need, Responsible};
use crate::engine::place::Area;
use crate::engine::{Answer, Candidate, Engine};
use crate::entries::{Entry, EntryPoint, Known, kind};

/// Where the facts come from.
const SOURCES: [&str; 4] = [
    "agencies and courts: civictechsweden/myndighetsdata 2026-01-02 (CC0)",
    "municipalities and counties: official SCB codes",
    "court districts: forordning (1982:996), forordning (1977:937)",
    "needs and reasons: written for this project 2026-11-23",
];

/// How and when a person would like to reach somebody.
pub(crate) struct Wishes<'w> {
    /// Which channels; empty means any.
    pub(crate) channels: &'w [ContactKind],
    /// For which time to say what is open.
    pub(crate) time: Timestamp,
}

pub(crate) fn name(need: &Need) -> NeedName {
    NeedName {
        need_id: need.id.clone(),
        name: need.name.clone(),
    }
}

fn contact_point(organisation: &Organisation, number: usize, contact: &Contact, now: Timestamp) -> OpenContactPoint {
    let id = format!("{}-{number}", organisation.id);
    let mut point = ContactPoint::new(id, &organisation.id, kind(&contact.kind));
    point.name = Some(contact.label.clone());
    if contact.value.starts_with("https://") {
        point.url = Some(contact.value.clone());
    } else {
        point.value = Some(contact.value.clone());
    }
    point.source_ref = Some(contact.source.clone());
    let schedules = contact.hours.iter().filter_map(|short| Schedule::from_short(short));
    let schedules: Vec<Schedule> = schedules.collect();
    if point.kind == ContactKind::Phone {
        // The state's relay services (texttelefoni.se, bildtelefoni.net) reach every number.
        point.accessibility = vec!["textRelay".to_owned(), "signLanguageRelay".to_owned()];
        point.languages = vec!["sv".to_owned()];
    }
    with_hours(point, &schedules, now)
}

/// What an organisation says of itself, on a day and for an area.
fn own_points(entry: &Entry, organisation: &Organisation, area: &Area, now: Timestamp) -> Vec<OpenContactPoint> {
    let today = day(now);
    let (municipality, county) = (area.municipality.as_deref(), area.county.as_deref());
    let shown = |point: &&EntryPoint| point.holds_on(today) && point.is_for(municipality, county);
    let point = |point: &EntryPoint| {
        let schedules: Vec<Schedule> = point.schedules.iter().filter_map(|text| text.parse().ok()).collect();
        with_hours(point.shown(organisation), &schedules, now)
    };
    entry.contact_points.iter().filter(shown).map(point).collect()
}

/// The day in Sweden.
fn day(now: Timestamp) -> Date {
    now.to_zoned(hours::sweden().unwrap_or(TimeZone::UTC)).date()
}

fn with_hours(mut point: ContactPoint, schedules: &[Schedule], now: Timestamp) -> OpenContactPoint {
    if !schedules.is_empty() && !schedules.iter().any(Schedule::is_always) {
        point.exceptions = vec![LocalizedText::new(
            "Stängt på helgdagar, midsommarafton, julafton och nyårsafton.",
            "Closed on public holidays, Midsummer's Eve, Christmas Eve and New Year's Eve.",
        )];
    }
    point.schedules = schedules.iter().map(Schedule::to_string).collect();
    let opening = hours::opening(schedules, now);
    OpenContactPoint { point, opening }
}

/// All contact points for an area, or those of the wished kinds when there are any.
fn contact_points(
    known: &Known,
    organisation: &Organisation,
    area: &Area,
    wished: &[ContactKind],
    now: Timestamp,
) -> Vec<OpenContactPoint> {
    let all: Vec<OpenContactPoint> = match known.entries.of(&organisation.id) {
        Some(entry) => own_points(&entry, organisation, area, now),
        None => (1..)
            .zip(&organisation.contacts)
            .map(|(number, contact)| contact_point(organisation, number, contact, now))
            .collect(),
    };
    let wanted: Vec<OpenContactPoint> = all
        .iter()
        .filter(|point| wished.contains(&point.point.kind))
        .cloned()
        .collect();
    if wanted.is_empty() { all } else { wanted }
}

fn area(engine: &Engine, candidate: &Candidate<'_>) -> AnswerArea {
    if !candidate.need.needs_place() && candidate.exception.is_none() {
        return AnswerArea::default();
    }
    let municipality = candidate
        .area
        .municipality
        .as_ref()
        .and_then(|code| engine.directory.municipality(code));
    AnswerArea {
        municipality_code: candidate.area.municipality.clone(),
        municipality: municipality.map(|one| one.name.clone()),
        county_code: candidate.area.county.clone(),
    }
}

fn because(candidate: &Candidate<'_>) -> Vec<Because> {
    let need = candidate.need;
    let mut all = vec![Because {
        rule_id: need.id.clone(),
        text: need.why.clone(),
    }];
    if let Some(law) = &need.law {
        // "9 kap." already ends as a sentence does.
        let law = law.trim_end_matches('.');
        all.push(Because {
            rule_id: format!("{}.legal-basis", need.id),
            text: LocalizedText::new(format!("Rättslig grund: {law}."), format!("Legal basis: {law}.")),
        });
    }
    if let Some(note) = candidate.exception {
        all.push(Because {
            rule_id: format!("{}.exception", need.id),
            text: LocalizedText::swedish(note),
        });
    }
    all
}

fn candidate(known: &Known, one: &Candidate<'_>, wished: &Wishes<'_>) -> RouteCandidate {
    let organisation = known.on(one.organisation, day(wished.time));
    let mut because = because(one);
    if organisation.id != one.organisation.id {
        let (before, now) = (&one.organisation.name, &organisation.name);
        because.push(Because {
            rule_id: format!("{}.successor", one.organisation.id),
            text: LocalizedText::new(
                format!("{now} har tagit över uppgifterna från {before}."),
                format!("{now} has taken over the tasks of {before}."),
            ),
        });
    }
    RouteCandidate {
        organisation_id: organisation.id.clone(),
        organisation_name: organisation.name.clone(),
        need_id: one.need.id.clone(),
        level: one.level,
        area: area(known, one),
        reason: one.need.why.clone(),
        confidence: (one.confidence * 100.0).round() / 100.0,
        because,
        contact_points: contact_points(known, organisation, &one.area, wished.channels, wished.time),
    }
}

fn number(number: &str) -> EmergencyNumber {
    let text = match number {
        "112" => LocalizedText::new("Nödnummer", "Emergency number"),
        "113 13" => LocalizedText::new("Information vid kris och varning", "Information in a crisis or warning"),
        "1177" => LocalizedText::new("Sjukvårdsrådgivning", "Medical advice"),
        "90101" => LocalizedText::new("Självmordslinjen", "Suicide line"),
        _ => LocalizedText::new("Giftinformation, ej akut", "Poisons information, not urgent"),
    };
    EmergencyNumber {
        number: number.to_owned(),
        text,
    }
}

/// The whole answer. `base` is the API's base URL.
pub(crate) fn answer(known: &Known, answer: &Answer<'_>, base: &str, wished: &Wishes<'_>) -> RouteAnswer {
    let not_public = answer.need.and_then(|need| match &need.responsible {
        Responsible::NotPublic(instead) if answer.candidates.is_empty() && answer.ask_back.is_none() => {
            Some(RouteNotPublic {
                explanation: need.why.clone(),
                instead: instead.clone(),
            })
        }
        _ => None,
    });
    let emergency = answer.emergency.map(|one| RouteEmergency {
        emergency_id: one.id.clone(),
        name: LocalizedText::new(&one.sv, &one.en),
        advice: LocalizedText::new(&one.why, &one.why_en),
        numbers: one.numbers.iter().map(|one| number(one)).collect(),
    });
    let ask_back = answer.ask_back.as_ref().map(|ask| RouteAskBack {
        about: if ask.place { AskFor::Municipality } else { AskFor::Need },
        question: ask.question.clone(),
        options: ask.options.iter().map(|need| name(need)).collect(),
    });
    RouteAnswer {
        outcome: answer.outcome,
        understood_as: answer.need.map(name),
        candidates: answer
            .candidates
            .iter()
            .map(|one| candidate(known, one, wished))
            .collect(),
        ask_back,
        emergency,
        not_public,
        sources: SOURCES.map(str::to_owned).to_vec(),
        links: links(known, answer, base, wished),
    }
}

fn links(known: &Known, answer: &Answer<'_>, base: &str, wished: &Wishes<'_>) -> Links {
    let mut links = Links::default();
    if let Some(need) = answer.need {
        links
            .0
            .push(Link::get("describedby", format!("{base}/needs/{}", need.id)));
    }
    if answer.ask_back.as_ref().is_some_and(|ask| ask.place) {
        links.0.push(Link::get("related", format!("{base}/municipalities")));
    }
    if answer.ask_back.as_ref().is_some_and(|ask| !ask.place) {
        links.0.push(Link::get("related", format!("{base}/needs")));
    }
    for one in &answer.candidates {
        let organisation = known.on(one.organisation, day(wished.time));
        links
            .0
            .push(Link::get("item", format!("{base}/organisations/{}", organisation.id)));
    }
    links
}

/// A need with its rule.
pub(crate) fn need(engine: &Engine, one: &Need, base: &str) -> NeedView {
    let organisation_id = match &one.responsible {
        Responsible::Agency(name) => engine.directory.named(name).map(|one| one.id.clone()),
        _ => None,
    };
    let instead = match &one.responsible {
        Responsible::NotPublic(instead) => Some(instead.clone()),
        _ => None,
    };
    let swedish = one.say.iter().map(LocalizedText::swedish);
    let english = one.say_en.iter().map(|line| LocalizedText::default().with("en", line));
    NeedView {
        need_id: one.id.clone(),
        name: one.name.clone(),
        topic: one.topic.clone(),
        questions: swedish.chain(english).collect(),
        not_this: one.near.iter().filter_map(|id| engine.need(id)).map(name).collect(),
        responsible_rule: ResponsibleRule {
            level: one.level(),
            organisation_id,
            instead,
            area_from: one.area,
            exceptions: one.exceptions.iter().map(|exception| exception.note.clone()).collect(),
        },
        reason: one.why.clone(),
        legal_basis: one.law.clone(),
        links: Links::to_self(format!("{base}/needs/{}", one.id)).and("collection", format!("{base}/needs")),
    }
}

/// An organisation with how to reach it.
pub(crate) fn organisation(known: &Known, one: &Organisation, base: &str) -> OrganisationView {
    let name = match &one.name_en {
        Some(english) => LocalizedText::new(&one.name, english),
        None => LocalizedText::swedish(&one.name),
    };
    let kind = match one.kind {
        Kind::Municipality => model::OrganisationKind::Municipality,
        Kind::Region => model::OrganisationKind::Region,
        Kind::Court => model::OrganisationKind::Court,
        Kind::ParliamentAgency => model::OrganisationKind::ParliamentAgency,
        Kind::StateAgency | Kind::PensionFund | Kind::PublicUtility => model::OrganisationKind::StateAgency,
    };
    let mut shown = model::Organisation::new(&one.id, name, kind);
    shown.organisation_number.clone_from(&one.number);
    shown.short_name.clone_from(&one.short_name);
    shown.municipality_code.clone_from(&one.municipality);
    shown.county_code.clone_from(&one.county);
    shown.website = one.web.as_ref().map(|web| format!("https://{web}"));
    if let Some(entry) = known.entries.of(&one.id) {
        shown.website = entry.website.clone().or(shown.website);
        shown.valid_to = entry.valid_to;
        shown.successor_ids.clone_from(&entry.successor_ids);
    }
    if let Some(relation) = known.glossary.relation(one) {
        let term = relation.term.clone();
        shown.relation_terms.insert("default".to_owned(), term);
    }
    OrganisationView {
        contact_points: contact_points(known, one, &Area::default(), &[], Timestamp::now()),
        links: Links::to_self(format!("{base}/organisations/{}", one.id))
            .and("collection", format!("{base}/organisations")),
        organisation: shown,
    }
}
