//! Key sets (RFC 7517): which keys are taken, and which algorithm each is for.

use super::compact::algorithm;
use super::fetch::FetchError;
use crate::json::{self, Object, Value};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};

/// Keys in one set at most.
const MAX_KEYS: usize = 100;

/// The usable keys of an issuer.
#[derive(Debug)]
pub(crate) struct KeySet {
    keys: Vec<Key>,
    /// The same for sets with the same keys, in whatever order.
    pub(crate) fingerprint: [u8; 32],
}

#[derive(Debug)]
struct Key {
    id: String,
    algorithm: Algorithm,
    decoding: DecodingKey,
}

/// The answer to "which key is that?".
pub(crate) enum Found<'a> {
    /// This one.
    Key(&'a DecodingKey),
    /// There is a key of that id, for another algorithm.
    OtherAlgorithm,
    /// There is none.
    Unknown,
}

impl KeySet {
    /// Reads a key set. Keys that cannot be used (other kinds, other uses, too weak, without an id) are left out.
    ///
    /// # Errors
    /// If the text is no key set or has too many keys.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, FetchError> {
        let mut set = json::object(bytes).map_err(FetchError::Json)?;
        let Some(Value::List(list)) = set.remove("keys") else {
            return Err(FetchError::NoKeySet);
        };
        if list.len() > MAX_KEYS {
            return Err(FetchError::TooManyKeys);
        }
        let mut prints = Vec::with_capacity(list.len());
        let mut keys = Vec::with_capacity(list.len());
        for value in &list {
            let Value::Object(members) = value else {
                return Err(FetchError::NoKeySet);
            };
            if let Some(key) = read_key(members) {
                prints.push(fingerprint(members, key.algorithm));
                keys.push(key);
            }
        }
        prints.sort_unstable();
        Ok(Self {
            keys,
            fingerprint: *blake3::hash(prints.as_flattened()).as_bytes(),
        })
    }

    /// The key of that id, if it is for that algorithm.
    pub(crate) fn find(&self, id: &str, algorithm: Algorithm) -> Found<'_> {
        let mut found = Found::Unknown;
        for key in self.keys.iter().filter(|key| key.id == id) {
            if key.algorithm == algorithm {
                return Found::Key(&key.decoding);
            }
            found = Found::OtherAlgorithm;
        }
        found
    }

    /// The only key for that algorithm.
    pub(crate) fn only(&self, algorithm: Algorithm) -> Option<(&str, &DecodingKey)> {
        let mut fitting = self.keys.iter().filter(|key| key.algorithm == algorithm);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Some((&key.id, &key.decoding)),
            _ => None,
        }
    }

    /// Number of usable keys.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }
}

/// A key's own algorithm is pinned: its `alg`, or the one that its kind implies.
fn read_key(members: &Object) -> Option<Key> {
    let meant_for_signatures = text(members, "use").is_none_or(|purpose| purpose == "sig")
        && match members.get("key_ops") {
            None => true,
            Some(Value::List(operations)) => operations.contains(&Value::Text("verify".into())),
            Some(_) => false,
        };
    // A set that publishes private keys is not to be relied on.
    if !meant_for_signatures || members.contains_key("d") || members.contains_key("k") {
        return None;
    }
    let id = text(members, "kid").filter(|id| !id.is_empty())?;
    let (implied, decoding) = match (text(members, "kty")?, text(members, "crv")) {
        ("OKP", Some("Ed25519")) => (Algorithm::EdDSA, ed25519(members)?),
        ("EC", Some("P-256")) => (Algorithm::ES256, p256(members)?),
        ("RSA", _) => (Algorithm::RS256, rsa(members)?),
        _ => return None,
    };
    let algorithm = match members.get("alg") {
        None => implied,
        Some(Value::Text(name)) => algorithm(name)?,
        Some(_) => return None,
    };
    let fits = algorithm == implied || (implied, algorithm) == (Algorithm::RS256, Algorithm::PS256);
    fits.then(|| Key {
        id: id.to_owned(),
        algorithm,
        decoding,
    })
}

/// The key that a proof brings along, whatever its id: public, for signatures, of that algorithm.
pub(crate) fn embedded(mut members: Object, wanted: Algorithm) -> Option<DecodingKey> {
    members.insert("kid".to_owned(), Value::Text("embedded".to_owned()));
    let key = read_key(&members)?;
    (key.algorithm == wanted).then_some(key.decoding)
}

/// What a thumbprint is made of (RFC 7638 section 3.2).
pub(crate) fn thumbprint_input(members: &Object) -> Option<String> {
    let of = |name: &str| text(members, name);
    Some(match (of("kty")?, of("crv")) {
        ("OKP", Some(curve)) => format!(r#"{{"crv":"{curve}","kty":"OKP","x":"{}"}}"#, of("x")?),
        ("EC", Some(curve)) => format!(
            r#"{{"crv":"{curve}","kty":"EC","x":"{}","y":"{}"}}"#,
            of("x")?,
            of("y")?
        ),
        ("RSA", _) => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, of("e")?, of("n")?),
        _ => return None,
    })
}

fn ed25519(members: &Object) -> Option<DecodingKey> {
    bytes(members, "x").filter(|x| x.len() == 32)?;
    DecodingKey::from_ed_components(text(members, "x")?).ok()
}

fn p256(members: &Object) -> Option<DecodingKey> {
    for coordinate in ["x", "y"] {
        bytes(members, coordinate).filter(|bytes| bytes.len() == 32)?;
    }
    DecodingKey::from_ec_components(text(members, "x")?, text(members, "y")?).ok()
}

/// 2048 to 8192 bits, an odd exponent of at least 3.
fn rsa(members: &Object) -> Option<DecodingKey> {
    let (modulus, exponent) = (bytes(members, "n")?, bytes(members, "e")?);
    let exponent_fits = exponent.len() <= 4 && exponent.last()? & 1 == 1 && exponent != [1];
    let fits = (256..=1024).contains(&modulus.len()) && *modulus.first()? > 0 && exponent_fits;
    fits.then(|| DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

fn text<'a>(members: &'a Object, name: &str) -> Option<&'a str> {
    match members.get(name)? {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn bytes(members: &Object, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text(members, name)?).ok()
}

fn fingerprint(members: &Object, algorithm: Algorithm) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{algorithm:?}").as_bytes());
    for name in ["kid", "n", "e", "x", "y"] {
        let value = text(members, name).unwrap_or_default();
        hasher.update(&(value.len() as u64).to_le_bytes());
        hasher.update(value.as_bytes());
    }
    *hasher.finalize().as_bytes()
}
