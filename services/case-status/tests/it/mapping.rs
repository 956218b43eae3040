//! MAPPING.md says of each field where it is in other standards, and names nothing that is not answered.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

fn document(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi").join(name);
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn fields(document: &Value, schema: &str) -> BTreeSet<String> {
    let properties = &document["components"]["schemas"][schema]["properties"];
    properties.as_object().unwrap().keys().cloned().collect()
}

/// What stands in backticks in a column.
fn named(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_table_of_standards_names_every_field_and_what_the_facades_answer() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("MAPPING.md")).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').collect())
        .collect();
    assert!(rows.iter().all(|row| row.len() == 5), "{rows:?}");
    let column = |at: usize| rows.iter().flat_map(|row| named(row[at])).collect::<BTreeSet<_>>();
    assert_eq!(column(0), fields(&document("case-status.json"), "Case"));
    let rest = named(text.split("What those standards have").nth(1).unwrap());

    let mina_arenden = document("mina-arenden.json");
    let mut answered = fields(&mina_arenden, "Kundhandelse");
    answered.extend(fields(&mina_arenden, "Mer"));
    let known: BTreeSet<_> = column(1).union(&rest).cloned().collect();
    let missing: Vec<_> = answered.difference(&known).collect();
    assert!(missing.is_empty(), "Mina ärenden: {missing:?} is in no row");
    answered.extend(["part".to_owned(), "delfragor".to_owned()]);
    let invented: Vec<_> = column(1).difference(&answered).cloned().collect();
    assert!(invented.is_empty(), "Mina ärenden: {invented:?} is never answered");

    let answered = fields(&document("open311.json"), "ServiceRequest");
    let known: BTreeSet<_> = column(4).union(&rest).cloned().collect();
    let missing: Vec<_> = answered.difference(&known).collect();
    assert!(missing.is_empty(), "Open311: {missing:?} is in no row");
    let invented: Vec<_> = column(4).difference(&answered).cloned().collect();
    assert!(invented.is_empty(), "Open311: {invented:?} is never answered");
}
