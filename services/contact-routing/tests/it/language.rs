//! Swedish as people write it: compounds, spelling by ear, words written apart, English.

use contact_routing::engine::{Outcome, Question};
use contact_routing::text::language::Language;

use crate::ENGINE;

#[test]
fn one_need_is_found_however_it_is_written() {
    let engine = &*ENGINE;
    let cases: &[(&str, &[&str])] = &[
        (
            "congestion-tax",
            &[
                "trängselskatten",
                "trängsel skatt",
                "trengselskat",
                "trängselskatteräkning",
                "congestion tax",
            ],
        ),
        (
            "transport-service",
            &["färdtjänst", "färd tjänst", "färtjänst", "färdtjänsttillstånd"],
        ),
        (
            "sickness-benefit",
            &["sjukpenning", "sjukpening", "sjuk penning", "sjukpenningen"],
        ),
        (
            "driving-licence",
            &["körkårt", "körkortstillstånd", "körkortet", "driving licence"],
        ),
        ("divorce", &["skilsmässa", "skilsmesa", "skilsmässoansökan", "divorce"]),
        (
            "parental-benefit",
            &["föräldrapenning", "föreldrapening", "parental benefit"],
        ),
    ];
    for (need, questions) in cases {
        for text in *questions {
            let question = Question {
                text,
                language: Language::Swedish,
                municipality: Some("0680"),
            };
            let answer = engine.ask(&question);
            assert_eq!(
                answer.need.map(|one| one.id.as_str()),
                Some(*need),
                "{text}: {:?}",
                engine.explain(text, 3)
            );
        }
    }
}

#[test]
fn danger_is_told_from_questions_about_danger() {
    let engine = &*ENGINE;
    let outcome = |text: &str| {
        let question = Question {
            text,
            language: Language::Swedish,
            municipality: Some("0180"),
        };
        engine.ask(&question).outcome
    };
    for text in [
        "Det brinner hos grannen!",
        "min man andas inte",
        "jag vill inte leva längre",
        "mormor har ramlat nerför trappan och vaknar inte",
        "någon bryter sig in hos oss",
        "My baby is not breathing",
        "tjejen har svalt ett knappcellsbatteri",
        "vi har kört på en älg",
        "båten sjunker",
        "det luktar gas i köket",
        "vad betyder sirenerna som tjuter ute",
    ] {
        assert_eq!(outcome(text), Outcome::Emergency, "{text}");
    }
    for text in [
        "Får man elda i trädgården nu?",
        "Vi hade inbrott förra veckan, hur anmäler jag?",
        "Min pappa tog sitt liv i våras, vem gör bouppteckningen?",
        "Jag blev påkörd för ett år sedan, kan jag få ersättning?",
        "Vilken brandvarnare ska jag köpa?",
        "Hur ansöker jag om tillstånd för fyrverkerier?",
        "Min mormor ramlar ofta och behöver trygghetslarm",
        "Min man har haft en stroke och behöver rehabilitering",
    ] {
        assert_ne!(outcome(text), Outcome::Emergency, "{text}");
    }
}

#[test]
fn nothing_that_is_sent_makes_it_fail() {
    let engine = &*ENGINE;
    let long = "å".repeat(2_000);
    let hostile = [
        "",
        " ",
        "?",
        "-",
        "'''",
        "\u{0}",
        "🙂🙂",
        "a\u{308}\u{308}",
        "112",
        "_ * | @ = [0-9]",
        long.as_str(),
        "' OR 1=1 --",
    ];
    for text in hostile {
        let question = Question {
            text,
            language: Language::English,
            municipality: Some("nowhere"),
        };
        let answer = engine.ask(&question);
        assert!(answer.confidence >= 0.0, "{text}");
    }
}
