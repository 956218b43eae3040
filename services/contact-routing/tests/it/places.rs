//! The place that the matter is about decides, wherever the person lives.

use contact_routing::engine::{Outcome, Question};
use contact_routing::engine_from_files;
use contact_routing::text::language::Language;

fn asked(cases: &[(&str, Option<&str>, Option<&str>)]) {
    let engine = engine_from_files().unwrap();
    for (text, municipality, expected) in cases {
        let question = Question {
            text,
            language: Language::Swedish,
            municipality: *municipality,
        };
        let answer = engine.ask(&question);
        let name = answer.candidates.first().map(|one| one.organisation.name.as_str());
        assert_eq!(name, *expected, "{text}: {:?}", answer.need.map(|need| &need.id));
        if expected.is_none() {
            assert_eq!(answer.outcome, Outcome::AskBack, "{text}");
        }
    }
}

#[test]
fn the_place_of_the_matter_goes_before_the_chosen_municipality() {
    asked(&[
        (
            "Behöver jag bygglov för en altan på stugan i Åre?",
            Some("0180"),
            Some("Åre"),
        ),
        (
            "Vi bor i Lund men har sommarstuga i Simrishamn, krävs bygglov för ett uterum?",
            Some("1281"),
            Some("Simrishamn"),
        ),
        (
            "Min mamma bor i Kalmar och behöver hemtjänst",
            Some("1280"),
            Some("Kalmar"),
        ),
        ("Gatlyktan är trasig i Visby", None, Some("Gotland")),
        (
            "Hur ansöker jag om förskola i Upplands Väsby?",
            None,
            Some("Upplands Väsby"),
        ),
        (
            "Göteborgs kommun, hur söker jag försörjningsstöd?",
            None,
            Some("Göteborg"),
        ),
    ]);
}

#[test]
fn a_place_that_is_only_passed_by_does_not_decide() {
    asked(&[
        (
            "Vi flyttade från Malmö och behöver förskoleplats",
            Some("1283"),
            Some("Helsingborg"),
        ),
        (
            "Jag köpte en kamin i Borås, måste installationen anmälas?",
            Some("0580"),
            Some("Linköping"),
        ),
        (
            "Tomten ligger på berg och mark som ska vara slät, krävs bygglov för garaget?",
            Some("0680"),
            Some("Jönköping"),
        ),
    ]);
}

#[test]
fn without_a_place_a_local_need_asks_back() {
    asked(&[
        ("Krävs det bygglov för en altan?", None, None),
        ("Hur söker jag hemtjänst åt min mamma?", None, None),
    ]);
}
