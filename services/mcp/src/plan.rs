//! A plan for a life event in plain words, and which life events there are.

use serde_json::Value;

use crate::server::{Language, localized};

/// The life events that a plan can be made for, one a line.
pub(crate) fn events(language: Language, list: &Value) -> String {
    let mut lines = vec![
        language
            .of(
                "Livshändelser som det finns en plan för. Fråga personen vilken, och anropa igen med dess id:",
                "Life events that there is a plan for. Ask the person which, and call again with its id:",
            )
            .to_owned(),
    ];
    for event in list["lifeEvents"].as_array().into_iter().flatten() {
        let id = event["lifeEventId"].as_str().unwrap_or_default();
        lines.push(format!("- {id}: {}", localized(language, &event["name"])));
    }
    lines.join("\n")
}

/// A plan: what to ask, what to do, with whom, by when, and what comes first.
pub(crate) fn plan(language: Language, plan: &Value) -> String {
    let mut lines = vec![localized(language, &plan["name"]).to_owned()];
    let steps = plan["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    for step in steps {
        lines.push(format!("- {}", line(language, step)));
    }
    let next = steps
        .iter()
        .find(|step| !plan["nextStepId"].is_null() && step["step"]["stepId"] == plan["nextStepId"]);
    if let Some(next) = next {
        let what = localized(language, &next["step"]["what"]);
        lines.push(format!("{} {what}", language.of("Börja med:", "Begin with:")));
    }
    let questions = plan["questions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !questions.is_empty() {
        let ask = language.of(
            "Fråga personen, och anropa igen med svaren; steg som inte gäller faller då bort:",
            "Ask the person, and call again with the answers; steps that do not apply are then left out:",
        );
        lines.push(ask.to_owned());
        for question in questions {
            let id = question["questionId"].as_str().unwrap_or_default();
            lines.push(format!(
                "? {} [questionId {id}]",
                localized(language, &question["text"])
            ));
        }
    }
    if plan["cases"] == "incomplete" {
        let missing = language.of(
            "! En källa svarade inte: ett steg kan ha ett ärende som inte visas.",
            "! A source did not answer: a step may have a case that is not shown.",
        );
        lines.push(missing.to_owned());
    }
    lines.join("\n")
}

fn line(language: Language, planned: &Value) -> String {
    let step = &planned["step"];
    let mut text = format!(
        "{} ({}): {}",
        localized(language, &step["what"]),
        localized(language, &step["holder"]["name"]),
        state(language, planned["state"].as_str().unwrap_or_default()),
    );
    match planned["byDate"].as_str() {
        Some(by) => text.push_str(&format!(", {} {by}", language.of("senast", "by"))),
        None => {
            let when = localized(language, &step["when"]);
            if !when.is_empty() {
                text.push_str(&format!(", {when}"));
            }
        }
    }
    if planned["late"] == true {
        text.push_str(language.of(". Sista dagen har passerat", ". The last day has passed"));
    }
    if let Some(law) = step["legalBasis"].as_str() {
        let unsure = match step["legalBasisConfirmed"].as_bool() {
            Some(false) => language.of(", kontrollera", ", check it"),
            _ => "",
        };
        text.push_str(&format!(" ({law}{unsure})"));
    }
    if let Some(case) = planned["case"]["caseId"].as_str() {
        text.push_str(&format!(" [caseId {case}]"));
    }
    text.push_str(&format!(" [stepId {}]", step["stepId"].as_str().unwrap_or_default()));
    text
}

fn state(language: Language, state: &str) -> &'static str {
    match state {
        "done" => language.of("klart", "done"),
        "underway" => language.of(
            "på gång, du behöver inte göra något nu",
            "under way, you need do nothing now",
        ),
        "yourTurn" => language.of("väntar på dig", "waits for you"),
        "ready" => language.of("kan göras nu", "can be done now"),
        "later" => language.of("kan göras senare", "can be done later"),
        "waiting" => language.of("efter ett annat steg", "after another step"),
        "automatic" => language.of("sker av sig själv", "happens by itself"),
        _ => language.of("okänt läge", "state unknown"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn planned() -> Value {
        json!({
            "name": { "sv": "Barn", "en": "A child" }, "nextStepId": "name", "cases": "incomplete",
            "questions": [{ "questionId": "unmarried", "text": { "sv": "Ogifta?", "en": "Unmarried?" } }],
            "steps": [{
                "step": { "stepId": "name", "what": { "sv": "Anmäl namn", "en": "Report the name" },
                    "holder": { "name": { "sv": "Skatteverket" } }, "when": { "sv": "inom 3 månader" }, "legalBasis": "4 §" },
                "state": "yourTurn", "byDate": "2027-04-15", "late": true, "case": { "caseId": "c-1" },
            }, {
                "step": { "stepId": "party", "what": { "sv": "Fira" }, "holder": { "name": { "sv": "Du" } },
                    "when": { "sv": "när som helst" } },
                "state": "later", "late": false,
            }],
        })
    }

    #[test]
    fn a_plan_is_told_with_what_to_ask_and_what_is_missing() {
        let told = plan(Language::En, &planned());
        assert_eq!(
            told,
            "A child\n\
             - Report the name (Skatteverket): waits for you, by 2027-04-15. The last day has passed (4 §) [caseId c-1] [stepId name]\n\
             - Fira (Du): can be done later, när som helst [stepId party]\n\
             Begin with: Report the name\n\
             Ask the person, and call again with the answers; steps that do not apply are then left out:\n\
             ? Unmarried? [questionId unmarried]\n\
             ! A source did not answer: a step may have a case that is not shown."
        );
        assert!(plan(Language::Sv, &planned()).contains("väntar på dig, senast 2027-04-15"));
    }

    #[test]
    fn without_a_choice_the_choices_are_told() {
        let list = json!({ "lifeEvents": [{ "lifeEventId": "child", "name": { "sv": "Barn" } }] });
        assert!(events(Language::Sv, &list).ends_with("\n- child: Barn"));
    }
}
