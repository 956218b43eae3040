//! Single values.

use crate::read;
use std::net::SocketAddr;
use std::time::Duration;

#[test]
fn good_values_are_read() {
    let text = r#"
        name = "demo"
        quota = 1_000
        share = 0.25
        wait = "1m30s"
        on = true
        day = 2026-01-31
        from = 2026-01-31T08:00:00+01:00
        until = 2026-02-01
        said = "2026-02-01T00:00:00Z"
        state = "active"
        listen = "127.0.0.1:8080"
    "#;
    let ((), problems) = read(text, |table| {
        assert_eq!(table.required_string("name"), "demo");
        assert_eq!(table.optional_u32("quota"), Some(1_000));
        assert_eq!(table.share("share", 1.0), 0.25);
        assert_eq!(table.duration("wait", Duration::ZERO), Duration::from_secs(90));
        assert!(table.boolean("on", false));
        assert_eq!(table.required_date("day"), "2026-01-31");
        assert_eq!(table.optional_timestamp("from"), Some(1_769_842_800));
        assert_eq!(table.optional_timestamp("until"), Some(1_769_904_000));
        assert_eq!(table.optional_timestamp("said"), Some(1_769_904_000));
        assert_eq!(table.one_of("state", &[("beta", 1), ("active", 2)], 0), 2);
        assert_eq!(table.parsed::<SocketAddr>("listen", "host:port").unwrap().port(), 8080);
        assert_eq!(table.optional_string("absent"), None);
        assert_eq!(table.integer("absent", 1, 2), None);
    });
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn a_wrong_type_says_what_it_should_be_and_reading_goes_on() {
    let text = "name = 5\nquota = -1\nbig = 5_000_000_000\nshare = 1.5\nwait = 2\non = \"yes\"\nday = 2026-02-30x\n";
    let text = text.replace("day = 2026-02-30x\n", "day = \"31 January\"\n")
        + "from = 2026-01-31T08:00:00\nstate = \"actve\"\nlisten = \"8080\"\nhuge = 999999999999999999999999999999999999999999\n";
    let ((), problems) = read(&text, |table| {
        assert_eq!(table.required_string("name"), "");
        table.optional_u32("quota");
        table.optional_u32("big");
        table.share("share", 1.0);
        table.duration("wait", Duration::ZERO);
        table.boolean("on", false);
        table.required_date("day");
        table.optional_timestamp("from");
        table.one_of("state", &[("alpha", 1), ("beta", 1), ("active", 2)], 0);
        table.parsed::<SocketAddr>("listen", "an address such as \"127.0.0.1:8080\"");
        table.integer("huge", 1, u64::MAX);
    });
    assert_eq!(
        problems,
        [
            "f.toml:1:8: name: must be a string, not 5",
            "f.toml:2:9: quota: must be a whole number from 0 to 4294967295, not -1",
            "f.toml:3:7: big: must be a whole number from 0 to 4294967295, not 5000000000",
            "f.toml:4:9: share: must be a number from 0 to 1, not 1.5",
            "f.toml:5:8: wait: must be a duration such as \"500ms\", \"2s\" or \"1m30s\", not 2",
            "f.toml:6:6: on: must be true or false, not \"yes\"",
            "f.toml:7:7: day: must be a date such as 2026-01-31, not \"31 January\"",
            "f.toml:8:8: from: must be a time such as 2026-01-31T08:00:00Z or 2026-01-31, not 2026-01-31T08:00:00",
            "f.toml:9:9: state: must be \"alpha\", \"beta\" or \"active\", not \"actve\"",
            "f.toml:10:10: listen: must be an address such as \"127.0.0.1:8080\", not \"8080\"",
            "f.toml:11:8: huge: must be a whole number, at least 1, not a number that large",
        ]
    );
}

#[test]
fn a_missing_key_stands_where_its_table_does() {
    let ((), problems) = read("\n[[apis]]\n[other]\nx = 1\n", |table| {
        table.required_string("title");
        for api in table.tables("apis") {
            api.required_string("name");
            api.required_u32("quota");
            api.required_duration("deadline");
            api.required_date("released");
            api.required_one_of("state", &[("alpha", ()), ("beta", ())]);
            api.required_path("document");
            api.required_strings("limits");
        }
        table.table("other").optional_u32("x");
        table.required_table("listen").required_string("address");
    });
    assert_eq!(
        problems,
        [
            "f.toml:1:1: listen: is missing; give a table",
            "f.toml:1:1: title: is missing; give a string",
            "f.toml:2:1: apis[0].deadline: is missing; give a duration such as \"500ms\", \"2s\" or \"1m30s\"",
            "f.toml:2:1: apis[0].document: is missing; give a path",
            "f.toml:2:1: apis[0].limits: is missing; give an array of strings",
            "f.toml:2:1: apis[0].name: is missing; give a string",
            "f.toml:2:1: apis[0].quota: is missing; give a whole number from 0 to 4294967295",
            "f.toml:2:1: apis[0].released: is missing; give a date such as 2026-01-31",
            "f.toml:2:1: apis[0].state: is missing; give \"alpha\" or \"beta\"",
        ]
    );
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    let text = "deadlin = \"2s\"\ncolour = 1\n\"a b\" = 1\n[[apis]]\nnmae = \"x\"\n[apis.cors]\nany_orgin = true\n";
    let ((), problems) = read(text, |table| {
        table.duration("deadline", Duration::ZERO);
        for api in table.tables("apis") {
            api.optional_string("name");
            api.table("cors").boolean("any_origin", false);
        }
    });
    assert_eq!(
        problems,
        [
            "f.toml:1:1: deadlin: unknown key; did you mean `deadline`?",
            "f.toml:2:1: colour: unknown key; known here: deadline, apis",
            "f.toml:3:1: \"a b\": unknown key; known here: deadline, apis",
            "f.toml:5:1: apis[0].nmae: unknown key; did you mean `name`?",
            "f.toml:7:1: apis[0].cors.any_orgin: unknown key; did you mean `any_origin`?",
        ]
    );
}

#[test]
fn own_rules_are_reported_at_the_value() {
    let ((), problems) = read("a = 1\n[t]\nb = 2\n", |table| {
        table.optional_u32("a");
        table.report("a", "must be even");
        let inner = table.table("t");
        inner.optional_u32("b");
        inner.report("b", "must be odd");
        inner.report("c", "is needed with b");
        inner.report_here("is odd altogether");
    });
    assert_eq!(
        problems,
        [
            "f.toml:1:5: a: must be even",
            "f.toml:2:1: t: is odd altogether",
            "f.toml:2:1: t.c: is needed with b",
            "f.toml:3:5: t.b: must be odd",
        ]
    );
}
