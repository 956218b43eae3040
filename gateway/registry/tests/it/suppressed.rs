//! One mistake gives one problem: rules are not broken by the defaults that stand in for what could not be read.

use crate::{GOOD, problems, with};

#[test]
fn an_unreadable_value_breaks_no_rule_of_its_own() {
    for (old, new, expected) in [
        (
            "version = \"1.2.0\"",
            "version = 1",
            "r.toml:25:11: apis[0].version: must be a string, not 1",
        ),
        (
            "state = \"active\"",
            "state = \"on\"",
            "r.toml:28:9: apis[0].state: must be \"alpha\", \"beta\", \"active\", \"deprecated\", \"retired\" or \"decommissioned\", not \"on\"",
        ),
        (
            "quota = 600",
            "quota = -1",
            "r.toml:14:9: limits[0].quota: must be a whole number from 0 to 4294967295, not -1",
        ),
        (
            "path = \"/cases\"",
            "path = 1",
            "r.toml:36:8: apis[0].routes[0].path: must be a string, not 1",
        ),
        (
            "id = \"agency\"",
            "id = 1",
            "r.toml:2:6: organisations[0].id: must be a string, not 1",
        ),
        (
            "producers = [\"agency\"]",
            "producers = \"agency\"",
            "r.toml:47:13: agreements[0].producers: must be an array of strings, not \"agency\"",
        ),
        (
            "limits = [\"minute\"]",
            "limits = [7]",
            "r.toml:31:11: apis[0].limits[0]: must be a string, not 7",
        ),
        (
            "name = \"cases\"\n",
            "name = 1\n",
            "r.toml:23:8: apis[0].name: must be a string, not 1",
        ),
    ] {
        assert_eq!(problems(&with(old, new)), [expected], "{new}");
    }
}

#[test]
fn other_mistakes_beside_it_are_still_said() {
    let text = GOOD
        .replace("title = \"Cases\"", "title = 5")
        .replace("backend = \"cases\"", "backend = \"case\"");
    assert_eq!(
        problems(&text),
        [
            "r.toml:24:9: apis[0].title: must be a string, not 5",
            "r.toml:32:1: apis[0].backend: there is no backend `case`",
        ]
    );
}

#[test]
fn a_section_that_is_no_section_hides_no_other() {
    let text = GOOD
        .replace("[[limits]]\nid", "[limits]\nid")
        .replace("name = \"App\"", "nme = \"App\"");
    assert_eq!(
        problems(&text),
        [
            "r.toml:11:1: limits: must be an array of tables, written [[...]], not a table",
            "r.toml:38:1: applications[0].name: is missing; give a string",
            "r.toml:40:1: applications[0].nme: unknown key; did you mean `name`?",
        ]
    );
}
