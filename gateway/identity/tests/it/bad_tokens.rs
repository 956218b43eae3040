//! Tokens that must not pass, each with the reason that must be given.

use crate::signing::{AUDIENCE, FileVerifier, ISSUER, NOW, Signer, at_once, base64, blocking, claims, verifier_with};
use identity::token::{MAX_LENGTH, TokenError};
use serde_json::{Value, json};

/// A table of forgeries: name, token, reason.
struct Table {
    ed: Signer,
    p256: Signer,
    rsa: Signer,
    pss: Signer,
    verifier: FileVerifier,
    seen: usize,
}

impl Table {
    fn new() -> Self {
        let (ed, p256, rsa, pss) = (Signer::ed25519(), Signer::p256(), Signer::rsa(), Signer::rsa_pss());
        let keys = [
            ed.jwk("ed"),
            p256.jwk("p256"),
            rsa.jwk("rsa"),
            pss.jwk("pss"),
            rsa.jwk("two"),
            p256.jwk("two"),
        ];
        Self {
            verifier: verifier_with(&keys),
            ed,
            p256,
            rsa,
            pss,
            seen: 0,
        }
    }

    #[track_caller]
    fn refused(&mut self, name: &str, token: &str, want: TokenError) {
        let got = self.verifier.verify(token, AUDIENCE, NOW);
        // An unknown key is looked for in the file first.
        let got = blocking(got);
        assert_eq!(got, Err(want), "{name}: {token:.200}");
        self.seen += 1;
    }

    /// A token of the Ed25519 key with other claims.
    #[track_caller]
    fn claim(&mut self, name: &str, value: Value, want: TokenError) {
        let mut claims = claims();
        claims[name] = value.clone();
        let token = self.ed.token(self.ed.header("ed").to_string(), claims.to_string());
        self.refused(&format!("{name} = {value}"), &token, want);
    }

    /// A token of the Ed25519 key with another header.
    #[track_caller]
    fn header(&mut self, name: &str, value: Value, want: TokenError) {
        let mut header = self.ed.header("ed");
        header[name] = value.clone();
        let token = self.ed.token(header.to_string(), claims().to_string());
        self.refused(&format!("header {name} = {value}"), &token, want);
    }
}

#[test]
fn unsigned_and_wrongly_signed() {
    let mut table = Table::new();
    for name in ["none", "None", "NONE", "nOnE", "none ", "", "NoNe\u{0}"] {
        let header = json!({ "typ": "at+jwt", "alg": name, "kid": "ed" }).to_string();
        let message = format!("{}.{}", base64(header), base64(claims().to_string()));
        table.refused("none, signature empty", &format!("{message}."), TokenError::Malformed);
        table.refused(
            "none, some signature",
            &format!("{message}.AAAA"),
            TokenError::Algorithm,
        );
    }
    for name in [
        json!("HS256"),
        json!("RS512"),
        json!("ES384"),
        json!("eddsa"),
        json!(null),
        json!(["EdDSA"]),
        json!(1),
    ] {
        table.header("alg", name, TokenError::Algorithm);
    }
    // The key says which algorithm it is for, not the token.
    for (signer, id) in [
        ("ES256", "ed"),
        ("EdDSA", "p256"),
        ("PS256", "rsa"),
        ("RS256", "pss"),
        ("EdDSA", "two"),
    ] {
        let header = json!({ "typ": "at+jwt", "alg": signer, "kid": id }).to_string();
        let token = match signer {
            "ES256" => table.p256.token(header, claims().to_string()),
            "PS256" => table.pss.token(header, claims().to_string()),
            "RS256" => table.rsa.token(header, claims().to_string()),
            _ => table.ed.token(header, claims().to_string()),
        };
        table.refused("another algorithm than the key's", &token, TokenError::Algorithm);
    }
    // HMAC with the public key as the secret, in three encodings.
    for secret in [
        table.rsa.jwk("rsa").to_string(),
        table.rsa.jwk("rsa")["n"].as_str().unwrap().to_owned(),
        table.ed.jwk("ed")["x"].as_str().unwrap().to_owned(),
    ] {
        let header = json!({ "typ": "at+jwt", "alg": "HS256", "kid": "rsa" }).to_string();
        let message = format!("{}.{}", base64(header), base64(claims().to_string()));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        let signature = base64(aws_lc_rs::hmac::sign(&key, message.as_bytes()));
        table.refused(
            "HS256 with a public key",
            &format!("{message}.{signature}"),
            TokenError::Algorithm,
        );
    }
    // Another key of the same kind.
    let (ed, p256) = (Signer::ed25519(), Signer::p256());
    table.refused("another Ed25519 key", &ed.good("ed"), TokenError::BadSignature);
    table.refused("another P-256 key", &p256.good("p256"), TokenError::BadSignature);
    assert!(table.seen >= 25, "{}", table.seen);
}

#[test]
fn signatures_that_are_none() {
    let mut table = Table::new();
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&order[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let one: Vec<u8> = [vec![0; 31], vec![1]].concat();
    let psychic = [
        vec![0; 64],
        [order.clone(), order.clone()].concat(),
        [one.clone(), vec![0; 32]].concat(),
        [vec![0; 32], one].concat(),
        [order, vec![0; 32]].concat(),
        vec![0; 1],
        vec![0; 4096],
        vec![0x30, 6, 2, 1, 0, 2, 1, 0],
    ];
    let message = |id: &str, algorithm: &str| {
        let header = json!({ "typ": "at+jwt", "alg": algorithm, "kid": id }).to_string();
        format!("{}.{}", base64(header), base64(claims().to_string()))
    };
    for signature in &psychic {
        let token = format!("{}.{}", message("p256", "ES256"), base64(signature));
        table.refused("psychic ES256", &token, TokenError::BadSignature);
    }
    for (id, algorithm, length) in [("ed", "EdDSA", 64), ("rsa", "RS256", 256), ("pss", "PS256", 256)] {
        let token = format!("{}.{}", message(id, algorithm), base64(vec![0; length]));
        table.refused("a signature of zeros", &token, TokenError::BadSignature);
    }
    // A good signature with bits set where the encoding has none.
    let token = table.ed.good("ed");
    let (rest, last) = token.split_at(token.len() - 1);
    let loose = char::from(last.as_bytes()[0] + 1);
    table.refused("loose bits", &format!("{rest}{loose}"), TokenError::BadSignature);
}

#[test]
fn headers_that_choose_their_own_key() {
    let mut table = Table::new();
    let own = Signer::ed25519();
    let forged = |name: &str, value: Value| {
        let mut header = own.header("ed");
        header[name] = value;
        own.token(header.to_string(), claims().to_string())
    };
    for (name, value) in [
        ("jwk", own.jwk("ed")),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/chain")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
    ] {
        let name: &'static str = ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc"]
            .into_iter()
            .find(|known| *known == name)
            .unwrap();
        table.refused(name, &forged(name, value.clone()), TokenError::ForbiddenHeader(name));
        // Even on an otherwise good token.
        table.header(name, value, TokenError::ForbiddenHeader(name));
    }
    for kind in [
        json!("JWT"),
        json!("at+jwt "),
        json!("jwt"),
        json!("dpop+jwt"),
        json!("application/jwt"),
        json!(null),
        json!(["at+jwt"]),
    ] {
        table.header("typ", kind, TokenError::Type);
    }
    let untyped = json!({ "alg": "EdDSA", "kid": "ed" }).to_string();
    let token = table.ed.token(untyped, claims().to_string());
    table.refused("no typ", &token, TokenError::Type);
    for id in [
        "../../etc/passwd",
        "/dev/null",
        "ed\u{0}",
        "ED",
        "' OR 1=1 --",
        "https://evil.example/k",
        &"k".repeat(3000),
        "",
    ] {
        table.header("kid", json!(id), TokenError::UnknownKey);
    }
    for id in [json!(1), json!(null), json!(["ed"]), json!({ "kid": "ed" })] {
        table.header("kid", id, TokenError::Malformed);
    }
    let anonymous = json!({ "alg": "EdDSA", "typ": "at+jwt" }).to_string();
    let token = table.ed.token(anonymous, claims().to_string());
    table.refused("no kid", &token, TokenError::UnknownKey);
}

#[test]
fn claims_of_the_wrong_kind() {
    let mut table = Table::new();
    for (name, kinds) in [
        (
            "iss",
            vec![
                json!([ISSUER]),
                json!([ISSUER, "https://other.example"]),
                json!(1),
                json!(null),
                json!({}),
            ],
        ),
        ("sub", vec![json!(1), json!(null), json!(["app-1"])]),
        ("client_id", vec![json!(1), json!(["app-1"])]),
        ("jti", vec![json!(1)]),
        ("scope", vec![json!(["cases.read"]), json!(1)]),
        (
            "aud",
            vec![
                json!(1),
                json!(null),
                json!({ "0": AUDIENCE }),
                json!([AUDIENCE, 1]),
                json!([[AUDIENCE]]),
            ],
        ),
        (
            "exp",
            vec![
                json!(format!("{}", NOW + 100)),
                json!(null),
                json!([NOW + 100]),
                json!(true),
                json!(1e300),
                json!(u64::MAX),
            ],
        ),
        ("nbf", vec![json!("0"), json!(null), json!({}), json!(-1e300)]),
        ("iat", vec![json!("0"), json!(null)]),
    ] {
        let name: &'static str = ["iss", "sub", "client_id", "jti", "scope", "aud", "exp", "nbf", "iat"]
            .into_iter()
            .find(|known| *known == name)
            .unwrap();
        for kind in kinds {
            table.claim(name, kind, TokenError::WrongClaimType(name));
        }
    }
    for name in ["iss", "sub", "client_id", "aud", "exp", "nbf"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        let token = table.ed.token(table.ed.header("ed").to_string(), claims.to_string());
        table.refused(name, &token, TokenError::MissingClaim(name));
    }
    for name in ["iss", "sub", "client_id"] {
        table.claim(name, json!(""), TokenError::MissingClaim(name));
    }
}

#[test]
fn claims_that_do_not_fit() {
    let mut table = Table::new();
    for issuer in [
        "https://id.example/",
        "https://ID.example",
        "http://id.example",
        "https://id.example.evil.example",
        " ",
    ] {
        table.claim("iss", json!(issuer), TokenError::UnknownIssuer);
    }
    for audience in [
        json!("https://api.example"),
        json!([]),
        json!(["x", "y"]),
        json!(""),
        json!(format!("{AUDIENCE} ")),
        json!("*"),
    ] {
        table.claim("aud", audience, TokenError::WrongAudience);
    }
    for end in [
        json!(NOW - 30),
        json!(0),
        json!(-1),
        json!(i64::MIN),
        json!(1.5),
        json!(-1e15),
    ] {
        table.claim("exp", end, TokenError::Expired);
    }
    for begin in [json!(NOW + 31), json!(NOW + 100_000), json!(i64::MAX), json!(9e15)] {
        table.claim("nbf", begin.clone(), TokenError::NotYetValid);
        table.claim("iat", begin, TokenError::NotYetValid);
    }
    for end in [json!(NOW + 3_541), json!(NOW + 86_400), json!(i64::MAX), json!(9e15)] {
        table.claim("exp", end, TokenError::Lifetime);
    }
    table.claim("nbf", json!(0), TokenError::Lifetime);
    table.claim("iat", json!(0), TokenError::Lifetime);
    table.claim("iat", json!(i64::MIN), TokenError::Lifetime);
    let mut backwards = claims();
    backwards["exp"] = json!(NOW - 10);
    backwards["nbf"] = json!(NOW + 10);
    let token = table.ed.token(table.ed.header("ed").to_string(), backwards.to_string());
    table.refused("ends before it begins", &token, TokenError::Lifetime);
}

#[test]
fn shapes_that_are_no_token() {
    let mut table = Table::new();
    let good = table.ed.good("ed");
    let [header, body, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let shapes = [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        "Bearer".into(),
        format!("Bearer {good}"),
        format!("{header}.{body}"),
        format!("{header}.{body}.{signature}."),
        format!(".{header}.{body}.{signature}"),
        format!("{header}.{body}.{signature}.{signature}.{signature}"),
        format!("{header}..{signature}"),
        format!(".{body}.{signature}"),
        format!("{header}.{body}.{signature}="),
        format!("{header}=.{body}.{signature}"),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{header}.{body}\n.{signature}"),
        format!("{good},{good}"),
        good.replace('.', "\u{ff0e}"),
        format!("{good}\u{e5}"),
        format!("+/+/{}", &good[4..]),
    ];
    for shape in shapes {
        table.refused("shape", &shape, TokenError::Malformed);
    }
    let raw = |header: &[u8], claims: &[u8]| {
        let message = format!("{}.{}", base64(header), base64(claims));
        format!("{message}.{}", base64([0; 64]))
    };
    let (head, claims) = (table.ed.header("ed").to_string(), claims().to_string());
    let twice = |text: &str, member: &str| format!("{},{member}}}", text.trim_end_matches('}'));
    let documents: Vec<(Vec<u8>, Vec<u8>)> = vec![
        (b"\xff\xfe".to_vec(), claims.clone().into()),
        (head.clone().into(), b"{\"iss\":\"\xff\"}".to_vec()),
        (format!("\u{feff}{head}").into(), claims.clone().into()),
        (head.clone().into(), format!("\u{feff}{claims}").into()),
        (b"[]".to_vec(), claims.clone().into()),
        (head.clone().into(), b"\"text\"".to_vec()),
        (head.clone().into(), b"null".to_vec()),
        (head.clone().into(), good.clone().into()),
        (format!("{head}{head}").into(), claims.clone().into()),
        (head.clone().into(), format!("{claims}x").into()),
        (twice(&head, r#""alg":"EdDSA""#).into(), claims.clone().into()),
        (twice(&head, r#""k\u0069d":"ed""#).into(), claims.clone().into()),
        (
            head.clone().into(),
            twice(&claims, &format!(r#""exp":{}"#, NOW + 100)).into(),
        ),
        (head.clone().into(), twice(&claims, r#""sub":"other""#).into()),
        (head.clone().into(), twice(&claims, r#""x":{"a":1,"a":2}"#).into()),
        (head.clone().into(), twice(&claims, r#""x":1e999999"#).into()),
        (head.clone().into(), twice(&claims, r#""x":"\ud800""#).into()),
        (head.clone().into(), twice(&claims, r#""x":NaN"#).into()),
        (
            head.clone().into(),
            twice(&claims, &format!(r#""x":{}1{}"#, "[".repeat(500), "]".repeat(500))).into(),
        ),
    ];
    for (header, claims) in documents {
        table.refused("document", &raw(&header, &claims), TokenError::Malformed);
    }
    table.refused("long", &"a".repeat(MAX_LENGTH + 1), TokenError::Oversize);
    table.refused(
        "very long",
        &format!("{good}{}", "a".repeat(1 << 20)),
        TokenError::Oversize,
    );
    table.refused("dots", &".".repeat(MAX_LENGTH), TokenError::Malformed);
    assert!(table.seen >= 40, "{}", table.seen);
}

#[test]
fn every_reason_has_its_own_code_and_says_nothing_of_the_token() {
    let reasons = [
        TokenError::Oversize,
        TokenError::Malformed,
        TokenError::ForbiddenHeader("jku"),
        TokenError::Type,
        TokenError::Algorithm,
        TokenError::MissingClaim("exp"),
        TokenError::WrongClaimType("exp"),
        TokenError::UnknownIssuer,
        TokenError::WrongAudience,
        TokenError::Expired,
        TokenError::NotYetValid,
        TokenError::Lifetime,
        TokenError::UnknownKey,
        TokenError::BadSignature,
        TokenError::Revoked,
        TokenError::KeysUnavailable {
            retry_after: std::time::Duration::from_secs(1),
        },
    ];
    let codes: std::collections::BTreeSet<_> = reasons.iter().map(TokenError::code).collect();
    assert_eq!(codes.len(), reasons.len());
    assert!(reasons.iter().all(|reason| !reason.description().contains(ISSUER)));
}

#[test]
fn keys_that_are_not_to_be_used_are_not() {
    let (ed, p256, rsa) = (Signer::ed25519(), Signer::p256(), Signer::rsa());
    let with = |mut jwk: Value, name: &str, value: Value| {
        jwk[name] = value;
        jwk
    };
    for (signer, jwk) in [
        (&ed, with(ed.jwk("k"), "use", json!("enc"))),
        (&ed, with(ed.jwk("k"), "key_ops", json!(["sign"]))),
        (&ed, with(ed.jwk("k"), "d", json!("AAAA"))),
        (&ed, with(ed.jwk("k"), "alg", json!("ES256"))),
        (&ed, with(ed.jwk("k"), "alg", json!(1))),
        (&ed, with(ed.jwk("k"), "crv", json!("X25519"))),
        (&ed, with(ed.jwk("k"), "x", json!("AAAA"))),
        (&ed, with(ed.jwk("k"), "kid", json!(""))),
        (&p256, with(p256.jwk("k"), "crv", json!("P-384"))),
        (&p256, with(p256.jwk("k"), "x", json!("AA"))),
        (&rsa, with(rsa.jwk("k"), "alg", json!("RS512"))),
        (&rsa, with(rsa.jwk("k"), "e", json!("AQ"))),
        (&rsa, with(rsa.jwk("k"), "n", json!(base64([0xff; 128])))),
        (&rsa, json!({ "kty": "oct", "kid": "k", "k": "AAAA", "alg": "HS256" })),
    ] {
        // Another, good key in the same set is not harmed.
        let other = Signer::ed25519();
        let verifier = verifier_with(&[jwk.clone(), other.jwk("other")]);
        let outcome = blocking(verifier.verify(&signer.good("k"), AUDIENCE, NOW));
        assert_eq!(outcome, Err(TokenError::UnknownKey), "{jwk}");
        assert!(at_once(verifier.verify(&other.good("other"), AUDIENCE, NOW)).is_ok());
    }
    // `alg` in the key set makes an RSA key one for PS256 only.
    let verifier = verifier_with(&[with(rsa.jwk("k"), "alg", json!("PS256"))]);
    assert_eq!(
        at_once(verifier.verify(&rsa.good("k"), AUDIENCE, NOW)),
        Err(TokenError::Algorithm)
    );
}
