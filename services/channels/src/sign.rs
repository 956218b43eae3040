//! Signing as Standard Webhooks has it: HMAC-SHA256 over id, time and body, once with each secret in use.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

const PREFIX: &str = "whsec_";

/// A secret that the receiver also has. Kept out of `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secret {
    pub(crate) id: String,
    /// As the receiver gets it: `whsec_` and base64.
    pub(crate) text: String,
    pub(crate) created_at: jiff::Timestamp,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// A new one of 32 random bytes.
    pub(crate) fn make(now: jiff::Timestamp) -> anyhow::Result<Self> {
        let mut bytes = [0_u8; 32];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("no random bytes"))?;
        Ok(Self {
            id: uuid::Uuid::now_v7().to_string(),
            text: format!("{PREFIX}{}", STANDARD.encode(bytes)),
            created_at: now,
        })
    }
}

/// The value of `webhook-signature`: one signature for each secret, so that one can be replaced without a gap.
pub(crate) fn signatures(secrets: &[Secret], id: &str, timestamp: i64, body: &str) -> String {
    let signed = format!("{id}.{timestamp}.{body}");
    let each = secrets.iter().filter_map(|secret| {
        let key = STANDARD.decode(secret.text.strip_prefix(PREFIX)?).ok()?;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
        Some(format!("v1,{}", STANDARD.encode(tag.as_ref())))
    });
    each.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_own_example_is_signed_as_it_says() {
        let secret = Secret {
            id: "1".to_owned(),
            text: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let signature = signatures(
            std::slice::from_ref(&secret),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(signatures(&[secret.clone(), secret], "a", 1, "").split(' ').count(), 2);
    }
}
