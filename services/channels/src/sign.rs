//! Signing as Standard Webhooks has it: HMAC-SHA256 over id, time and body, once with each secret in use.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::seal::{SealError, SecretKeys};

const PREFIX: &str = "whsec_";

/// A secret that the receiver also has, as it is kept: sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secret {
    pub(crate) id: String,
    /// What the receiver got, sealed for this id.
    pub(crate) sealed: String,
    pub(crate) created_at: jiff::Timestamp,
}

impl Secret {
    /// A new one of 32 random bytes; gives also the text for the receiver: `whsec_` and base64.
    pub(crate) fn make(keys: &SecretKeys, now: jiff::Timestamp) -> Result<(Self, String), SealError> {
        let mut bytes = [0_u8; 32];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| SealError::Randomness)?;
        let text = format!("{PREFIX}{}", STANDARD.encode(bytes));
        let id = uuid::Uuid::now_v7().to_string();
        let sealed = keys.seal(&id, &text)?;
        let secret = Self {
            id,
            sealed,
            created_at: now,
        };
        Ok((secret, text))
    }
}

/// The value of `webhook-signature`: one signature for each secret, so that one can be replaced without a gap.
///
/// # Errors
/// A secret that does not open: nothing may be sent that the receiver cannot check.
pub(crate) fn signatures(
    keys: &SecretKeys,
    secrets: &[Secret],
    id: &str,
    timestamp: i64,
    body: &str,
) -> Result<String, SealError> {
    let signed = format!("{id}.{timestamp}.{body}");
    let each = secrets.iter().map(|secret| {
        let text = keys.open(&secret.id, &secret.sealed)?;
        let key = text.strip_prefix(PREFIX).and_then(|key| STANDARD.decode(key).ok());
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key.ok_or(SealError::Broken)?);
        let tag = hmac::sign(&key, signed.as_bytes());
        Ok(format!("v1,{}", STANDARD.encode(tag.as_ref())))
    });
    let all = each.collect::<Result<Vec<_>, SealError>>()?.join(" ");
    if all.is_empty() {
        Err(SealError::Broken)
    } else {
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_own_example_is_signed_as_it_says() {
        let keys = SecretKeys::from_bytes([7; 32]);
        let secret = Secret {
            id: "1".to_owned(),
            sealed: keys.seal("1", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let signature = signatures(
            &keys,
            std::slice::from_ref(&secret),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let two = signatures(&keys, &[secret.clone(), secret.clone()], "a", 1, "").unwrap();
        assert_eq!(two.split(' ').count(), 2);
        assert!(signatures(&SecretKeys::from_bytes([8; 32]), &[secret], "a", 1, "").is_err());
        assert!(signatures(&keys, &[], "a", 1, "").is_err(), "nothing goes out unsigned");
    }
}
