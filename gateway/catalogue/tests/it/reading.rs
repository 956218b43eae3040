//! Reading: both formats, and hostile bytes.

use catalogue::{MAX_BYTES, MAX_DEPTH, ReadError, read, to_yaml};
use serde_json::{Value, json};

fn position(error: &ReadError) -> (u64, u64) {
    match error {
        ReadError::Syntax { line, column, .. } => (*line, *column),
        other => panic!("no position in {other}"),
    }
}

#[test]
fn json_and_yaml_end_as_the_same_ordered_value() {
    let json = br#"{"z": 1, "a": [true, null, "x", 1.5, -2], "m": {"k": "v"}}"#;
    let yaml = b"z: 1\na: [true, null, x, 1.5, -2]\nm: {k: v}\n";
    let (json, yaml) = (read(json, "a.json").unwrap(), read(yaml, "a.yaml").unwrap());
    assert_eq!(json, yaml);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&json), ["z", "a", "m"]);
    assert_eq!(keys(&yaml), ["z", "a", "m"]);
}

#[test]
fn the_first_character_decides_where_the_name_does_not() {
    assert_eq!(read(b" \n {\"a\": 1}", "upload").unwrap(), json!({"a": 1}));
    assert_eq!(read(b"a: 1", "upload").unwrap(), json!({"a": 1}));
    assert_eq!(read(b"{a: 1}", "upload.yml").unwrap(), json!({"a": 1}));
    assert_eq!(read(b"\xef\xbb\xbf{\"a\": 1}", "bom.json").unwrap(), json!({"a": 1}));
}

#[test]
fn yaml_is_read_by_the_rules_of_1_2() {
    let yaml =
        b"responses: {200: ok, default: x}\nanswer: no\nswitch: off\nkommun: 0180\nday: 2026-01-31\nbig: 1_000\n";
    let expected = json!({"responses": {"200": "ok", "default": "x"}, "answer": "no", "switch": "off", "kommun": "0180", "day": "2026-01-31", "big": "1_000"});
    assert_eq!(read(yaml, "x.yaml").unwrap(), expected);
}

#[test]
fn aliases_and_merge_keys_are_expanded() {
    let yaml = b"base: &base {a: 1}\none: *base\ntwo: {<<: *base, b: 2}\n";
    assert_eq!(
        read(yaml, "x.yaml").unwrap(),
        json!({"base": {"a": 1}, "one": {"a": 1}, "two": {"a": 1, "b": 2}})
    );
}

#[test]
fn errors_name_line_and_column() {
    let error = read(b"{\n  \"a\": 1,\n  \"b\" 2\n}", "x.json").unwrap_err();
    assert_eq!(position(&error).0, 3);
    assert!(error.to_string().starts_with("x.json:3:"), "{error}");
    assert!(!error.to_string().contains("at line"), "{error}");
    let error = read(b"a: 1\nb: [1, 2\nc: 3\n", "x.yaml").unwrap_err();
    assert!(position(&error).0 >= 2, "{error}");
    let error = read(b"a: b\n\xff: 1\n", "x.yaml").unwrap_err();
    assert_eq!(position(&error), (2, 1));
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let error = read(b"{\n\"paths\": {},\n\"paths\": {}}", "x.json").unwrap_err();
    assert_eq!(position(&error).0, 3);
    assert!(error.to_string().contains("\"paths\""), "{error}");
    let error = read(b"paths: {}\npaths: {}\n", "x.yaml").unwrap_err();
    assert_eq!(position(&error).0, 2, "{error}");
}

#[test]
fn only_one_object_is_a_document() {
    for (text, name) in [
        ("[1]", "x.json"),
        ("- 1", "x.yaml"),
        ("just text", "x.yaml"),
        ("", "x.yaml"),
        ("null", "x.json"),
    ] {
        let error = read(text.as_bytes(), name).unwrap_err();
        assert!(error.to_string().starts_with(name), "{error}");
    }
    assert!(read(b"{} {}", "x.json").is_err());
    assert!(read(b"a: 1\n---\nb: 2\n", "x.yaml").is_err());
}

#[test]
fn size_is_capped() {
    let error = read(&vec![b' '; MAX_BYTES + 1], "x.json").unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { .. }), "{error}");
}

#[test]
fn depth_is_capped() {
    for levels in [MAX_DEPTH + 1, 100_000] {
        let json = format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(json.as_bytes(), "x.json").is_err());
        let flow = format!("a: {}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(flow.as_bytes(), "x.yaml").is_err());
    }
    let block: String = (0..300).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert!(read(block.as_bytes(), "x.yaml").is_err());
    let levels = MAX_DEPTH - 1;
    let json = format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let deepest = read(json.as_bytes(), "x.json").unwrap();
    let maps = format!("a: {}1{}", "{a: ".repeat(levels), "}".repeat(levels));
    for value in [deepest, read(maps.as_bytes(), "x.yaml").unwrap()] {
        assert_eq!(read(to_yaml(&value).as_bytes(), "x.yaml").unwrap(), value);
    }
}

#[test]
fn alias_bombs_are_defused() {
    // Ten levels of ten references each: ten thousand million texts.
    let mut laughs = "l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..10 {
        let before = format!("*l{}", level - 1);
        laughs.push_str(&format!("l{level}: &l{level} [{}]\n", [before.as_str(); 10].join(", ")));
    }
    assert!(read(laughs.as_bytes(), "laughs.yaml").is_err());

    // One long text, referred to often: few nodes, many bytes.
    let mut fat = format!("text: &text {}\n", "x".repeat(1_000_000));
    for number in 0..2_000 {
        fat.push_str(&format!("a{number}: &a{number} 1\nb{number}: *text\n"));
    }
    assert!(read(fat.as_bytes(), "fat.yaml").is_err());
}

#[test]
fn what_is_written_as_yaml_reads_back_the_same() {
    let value = json!({
        "openapi": "3.1.0", "responses": {"200": {"x": 1}}, "no": "no", "date": "2026-01-31", "time": "2026-01-31T10:00:00Z",
        "text": "rad ett\nrad två\n", "colon": "a: b", "hash": "# no", "empty": "", "null": "null", "none": null, "list": [],
        "object": {}, "number": "1.0", "octal": "0180", "float": 1.5, "quote": "it's \"so\"", "tab": "a\tb", "long": "ord ".repeat(60),
        "space": " x ", "star": "*a", "amp": "&a", "tilde": "~", "åäö": "ÅÄÖ 🇸🇪", "$ref": "#/components/schemas/A",
    });
    assert_eq!(read(to_yaml(&value).as_bytes(), "x.yaml").unwrap(), value);
    let clean = crate::support::clean();
    assert_eq!(read(to_yaml(&clean).as_bytes(), "x.yaml").unwrap(), clean);
}
