//! What is no TOML.

use crate::read;

#[test]
fn every_syntax_error_is_reported_and_hides_no_other_problem() {
    let text = "name = \n[[apis]]\nname = \"a\nquota = five\ncolour = 1\nname2 = \"x\"\n";
    let ((), problems) = read(text, |table| {
        table.required_string("name");
        for api in table.tables("apis") {
            api.required_string("name");
            api.required_u32("quota");
            api.required_string("name2");
            api.required_string("name3");
        }
    });
    assert_eq!(
        problems,
        [
            "f.toml:1:8: string values must be quoted, expected literal string",
            "f.toml:3:10: invalid basic string, expected `\"`",
            "f.toml:4:9: invalid boolean, expected `false`",
            "f.toml:5:1: apis[0].colour: unknown key; known here: name, quota, name2, name3",
        ]
    );
}

#[test]
fn repeated_keys_are_refused() {
    let ((), problems) = read("a = 1\na = 2\n[t]\n[t]\n", |table| {
        table.optional_u32("a");
        table.table("t");
    });
    assert_eq!(
        problems,
        [
            "f.toml:2:1: the key `a` is given twice",
            "f.toml:4:2: the key `t` is given twice"
        ]
    );
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    let ((), problems) = read(&format!("a = {}", "[".repeat(200_000)), |table| {
        table.strings("a");
    });
    assert!(!problems.is_empty());
}
