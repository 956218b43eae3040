//! `[[organisations]]` and `[[applications]]` with their keys.

use ::document::Table;
use snapshot::{ApplicationDraft, KeyDraft, OrganisationDraft, OrganisationKind};

/// DOMAIN: Organisation.kind.
const KINDS: [(&str, OrganisationKind); 7] = [
    ("stateAgency", OrganisationKind::StateAgency),
    ("municipality", OrganisationKind::Municipality),
    ("region", OrganisationKind::Region),
    ("court", OrganisationKind::Court),
    ("parliamentAgency", OrganisationKind::ParliamentAgency),
    ("publicCompany", OrganisationKind::PublicCompany),
    ("privateActor", OrganisationKind::PrivateActor),
];

/// Reads one organisation.
pub(super) fn organisation(table: &Table<'_>) -> OrganisationDraft {
    OrganisationDraft {
        id: table.required_string("id"),
        name: table.required_string("name"),
        kind: table
            .required_one_of("kind", &KINDS)
            .unwrap_or(OrganisationKind::PrivateActor),
    }
}

/// Reads one application.
pub(super) fn application(table: &Table<'_>) -> ApplicationDraft {
    ApplicationDraft {
        own_agreements_only: false,
        id: table.required_string("id"),
        name: table.required_string("name"),
        organisation: table.required_string("organisation"),
        keys: table.tables("keys").iter().map(key).collect(),
        jwks: jwks(table),
        jwks_url: jwks_url(table),
        secrets: table.tables("secrets").iter().map(key).collect(),
        certificates: table
            .parsed_strings::<Hash>(
                "certificates",
                "a certificate's SHA-256 thumbprint, 64 hexadecimal digits",
            )
            .into_iter()
            .map(|Hash(bytes)| bytes)
            .collect(),
        redirect_uris: table.strings("redirect_uris"),
        require_par: table.boolean("require_par", false),
        not_before: table.optional_timestamp("not_before").unwrap_or(0),
    }
}

/// The public keys, as `vagvisare keygen` prints them. Whether each can be used is told by the token service.
fn jwks(table: &Table<'_>) -> Option<String> {
    let text = table.optional_string("jwks")?;
    if text.len() > 64 * 1024 || !text.trim_start().starts_with('{') || !text.contains("\"keys\"") {
        table.report(
            "jwks",
            "is not a key set; write what `vagvisare keygen` prints: '{\"keys\":[..]}'",
        );
    }
    if text.contains("\"d\"") {
        table.report(
            "jwks",
            "holds a private key, which nobody but the application may have; make a new pair",
        );
    }
    Some(text)
}

fn jwks_url(table: &Table<'_>) -> Option<String> {
    let url = table.optional_string("jwks_url")?;
    if !url.starts_with("https://") {
        table.report(
            "jwks_url",
            "must be https; keys fetched over plain http could be anybody's",
        );
    }
    Some(url)
}

fn key(table: &Table<'_>) -> KeyDraft {
    let hash: Option<Hash> =
        table.required_unquoted("hash", "64 hexadecimal digits, as `vagvisare key new` prints them");
    KeyDraft {
        id: table.required_string("id"),
        hash: hash.map_or([0; 32], |Hash(bytes)| bytes),
        expires_at: table.optional_timestamp("expires_at"),
    }
}

/// A keyed hash in hexadecimal.
struct Hash([u8; 32]);

impl std::str::FromStr for Hash {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut bytes = [0; 32];
        // `from_str_radix` would take a sign.
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(());
        }
        for (position, byte) in bytes.iter_mut().enumerate() {
            let pair = text.get(position * 2..position * 2 + 2).ok_or(())?;
            *byte = u8::from_str_radix(pair, 16).map_err(drop)?;
        }
        Ok(Hash(bytes))
    }
}
