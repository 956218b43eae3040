//! The directory and the needs as a whole: nobody is left without an answer, nothing points nowhere.

use std::collections::HashSet;

use contact_routing::data::needs::{Level, Responsible};
use contact_routing::engine::Outcome;

use crate::ENGINE;

#[test]
fn every_need_has_exactly_one_answer_in_every_municipality() {
    let engine = &*ENGINE;
    assert_eq!(engine.directory.municipalities.len(), 290);
    assert!(engine.needs.len() >= 220, "{} needs", engine.needs.len());
    for need in &engine.needs {
        let mut answers = HashSet::new();
        for municipality in &engine.directory.municipalities {
            let answer = engine.by_need(need, Some(&municipality.code));
            match need.level() {
                Level::NotPublic if need.exceptions.is_empty() => {
                    assert_eq!(answer.outcome, Outcome::NotPublic, "{}", need.id)
                }
                Level::NotPublic => {}
                _ => {
                    assert_eq!(
                        answer.outcome,
                        Outcome::Organisation,
                        "{} in {}",
                        need.id,
                        municipality.name
                    );
                    assert_eq!(answer.candidates.len(), 1, "{} in {}", need.id, municipality.name);
                }
            }
            answers.extend(answer.candidates.first().map(|one| one.organisation.id.clone()));
        }
        if matches!(need.responsible, Responsible::Agency(_)) && need.exceptions.is_empty() {
            assert_eq!(
                answers.len(),
                1,
                "{} is a state need and must not depend on the municipality",
                need.id
            );
        }
        if matches!(need.responsible, Responsible::Municipality) && need.exceptions.is_empty() {
            assert_eq!(answers.len(), 290, "{}", need.id);
        }
    }
}

#[test]
fn a_state_need_is_answered_without_a_municipality_and_a_local_one_asks() {
    let engine = &*ENGINE;
    for need in &engine.needs {
        let answer = engine.by_need(need, None);
        let asks = answer.outcome == Outcome::AskBack;
        assert_eq!(asks, need.needs_place(), "{}", need.id);
    }
}

#[test]
fn ids_are_unique_and_every_reference_is_known() {
    let engine = &*ENGINE;
    let needs: HashSet<&str> = engine.needs.iter().map(|need| need.id.as_str()).collect();
    assert_eq!(needs.len(), engine.needs.len());
    let organisations: HashSet<&str> = engine
        .directory
        .organisations
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    assert_eq!(organisations.len(), engine.directory.organisations.len());
    for need in &engine.needs {
        for near in &need.near {
            assert!(
                needs.contains(near.as_str()) && *near != need.id,
                "{} is near {near}",
                need.id
            );
        }
        if let Responsible::Agency(name) = &need.responsible {
            assert!(engine.directory.named(name).is_some(), "{}: {name}", need.id);
        }
        assert!(
            !need.cues.is_empty() && !need.say.is_empty() && !need.say_en.is_empty(),
            "{}",
            need.id
        );
        assert!(need.why.en.is_some() && need.name.en.is_some(), "{}", need.id);
    }
}

#[test]
fn everybody_can_be_reached_without_an_e_identification() {
    let engine = &*ENGINE;
    for one in &engine.directory.organisations {
        let plain = |kind: &str| matches!(kind, "phone" | "visit" | "letter");
        assert!(one.contacts.iter().any(|contact| plain(&contact.kind)), "{}", one.name);
    }
}

#[test]
fn exceptions_hold_where_they_should() {
    let engine = &*ENGINE;
    let name = |need: &str, municipality: &str| {
        let answer = engine.by_need(engine.need(need).unwrap(), Some(municipality));
        answer.candidates.first().map(|one| one.organisation.name.clone())
    };
    assert_eq!(name("transport-service", "0160").as_deref(), Some("Region Stockholm"));
    assert_eq!(name("transport-service", "1780").as_deref(), Some("Karlstad"));
    assert_eq!(name("property-formation", "1281").as_deref(), Some("Lund"));
    assert_eq!(name("property-formation", "2521").as_deref(), Some("Lantmäteriet"));
    assert_eq!(name("grave", "0687").as_deref(), Some("Tranås"));
    assert_eq!(name("grave", "1280"), None);
    assert_eq!(
        name("rent-dispute", "1280").as_deref(),
        Some("Hyres och arrendenämnen i malmö")
    );
    assert_eq!(name("health-advice", "0980").as_deref(), Some("Region Gotland"));
}
