//! API keys: made, read, checked, and not shown.

use identity::api_key::{KeyError, MAX_LENGTH, Pepper, generate, parse};
use proptest::prelude::*;

fn pepper() -> Pepper {
    Pepper::from_bytes([7; 32])
}

#[test]
fn a_new_key_is_read_and_matched() {
    let key = generate("test", &pepper()).unwrap();
    let text = key.text.expose();
    assert!(
        text.starts_with(&format!("vv_test_{}_", key.id)) && text.len() <= MAX_LENGTH,
        "{text}"
    );
    let presented = parse(text).unwrap();
    assert_eq!((presented.environment(), presented.id()), ("test", key.id.as_str()));
    assert!(presented.matches(&key.hash, &pepper()));
    assert!(
        !presented.matches(&key.hash, &Pepper::from_bytes([8; 32])),
        "another installation"
    );
    assert!(!presented.matches(&[0; 32], &pepper()));
    let other = generate("test", &pepper()).unwrap();
    assert!(other.id != key.id && !parse(other.text.expose()).unwrap().matches(&key.hash, &pepper()));
}

#[test]
fn another_secret_under_the_same_id_does_not_match() {
    // Ids are not secret: an attacker may put one before a secret of their own. The checksum must then be made anew.
    let (mine, theirs) = (
        generate("prod", &pepper()).unwrap(),
        generate("prod", &pepper()).unwrap(),
    );
    let forged = theirs.text.expose().replace(&theirs.id, &mine.id);
    assert_eq!(parse(&forged).unwrap_err(), KeyError::Checksum);
    let moved = mine.text.expose().replace("vv_prod_", "vv_test_");
    assert_eq!(parse(&moved).unwrap_err(), KeyError::Checksum);
}

#[test]
fn no_single_character_can_be_changed() {
    let key = generate("prod", &pepper()).unwrap();
    let text = key.text.expose();
    for place in 0..text.len() {
        for character in ["0", "1", "a", "z", "A", "_", "-", " ", "\u{0}", "\u{e5}"] {
            let mut changed = text.to_owned();
            changed.replace_range(place..=place, character);
            assert!(changed == text || parse(&changed).is_err(), "{character} at {place}");
        }
        assert!(parse(&text[..place]).is_err(), "cut at {place}");
    }
    assert!(parse(&format!("{text} ")).is_err() && parse(&format!("{text}_")).is_err());
}

#[test]
fn each_fault_has_its_name() {
    let id = "0123456789abcdef";
    let secret = "0".repeat(58);
    for (text, want) in [
        (String::new(), KeyError::Form),
        ("vv".into(), KeyError::Form),
        (format!("xx_prod_{id}_{secret}"), KeyError::Form),
        (format!("VV_prod_{id}_{secret}"), KeyError::Form),
        (format!("vv_prod_{id}"), KeyError::Form),
        (format!("vv_prod_{id}_{secret}_x"), KeyError::Form),
        (format!("vv__{id}_{secret}"), KeyError::Environment),
        (format!("vv_p_{id}_{secret}"), KeyError::Environment),
        (format!("vv_production_{id}_{secret}"), KeyError::Environment),
        (format!("vv_Prod_{id}_{secret}"), KeyError::Environment),
        (format!("vv_pr0d_{id}_{secret}"), KeyError::Environment),
        (format!("vv_prod_short_{secret}"), KeyError::Id),
        (format!("vv_prod_{}_{secret}", "0".repeat(33)), KeyError::Id),
        (format!("vv_prod_{}_{secret}", "i".repeat(16)), KeyError::Id),
        (format!("vv_prod_{id}_"), KeyError::Secret),
        (format!("vv_prod_{id}_{}", &secret[1..]), KeyError::Secret),
        (format!("vv_prod_{id}_{}", "u".repeat(58)), KeyError::Secret),
        (format!("vv_prod_{id}_{}", "\u{e5}".repeat(29)), KeyError::Secret),
        (format!("vv_prod_{id}_{secret}"), KeyError::Checksum),
        ("v".repeat(MAX_LENGTH + 1), KeyError::TooLong),
        ("_".repeat(1 << 20), KeyError::TooLong),
    ] {
        assert_eq!(parse(&text).unwrap_err(), want, "{text:.100}");
    }
    for environment in ["", "p", "production", "Test", "te_t", "t\u{e5}st"] {
        assert_eq!(generate(environment, &pepper()).unwrap_err(), KeyError::Environment);
    }
}

#[test]
fn secrets_do_not_show() {
    let key = generate("demo", &pepper()).unwrap();
    let secret = key.text.expose().rsplit('_').next().unwrap().to_owned();
    let shown = format!("{key:?} {:?}", parse(key.text.expose()).unwrap());
    assert!(!shown.contains(&secret) && shown.contains("[redacted]"), "{shown}");
    assert_eq!(format!("{:?}", pepper()), "Pepper([redacted])");
}

proptest! {
    #[test]
    fn any_text_is_read_without_harm(text in "\\PC*|(vv|_|prod|[0-9a-z]{1,60}){0,9}") {
        prop_assert!(parse(&text).is_err());
    }
}
