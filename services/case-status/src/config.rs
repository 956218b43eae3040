//! Which producers there are, and how long they may take.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use model::LocalizedText;
use serde::Deserialize;

/// In which form a producer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// The national *Mina ärenden* 6.1 form: `POST /kundhandelseFragaSynkron`.
    MinaArenden61,
    /// The form that follows the national REST profile: `GET /cases`.
    Cases,
    /// A municipality's own form: `GET /errands`.
    Errands,
    /// It is never asked: it pushes each case as it changes, and what it pushed is kept.
    Pushed,
}

/// A producer of cases.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Producer {
    /// Its id; never to be changed, since case ids are made from it.
    pub id: String,
    /// Whose cases they are.
    pub organisation_id: String,
    /// What people call it.
    pub name: LocalizedText,
    /// In which form it answers.
    pub form: Form,
    /// Where it is; the path of the form comes after it. Not needed for one that pushes.
    #[serde(default)]
    pub base_url: String,
    /// What it calls the people it deals with.
    #[serde(default)]
    pub relation_term: Option<LocalizedText>,
    /// The services whose rules it publishes, so that what is to be sent can be checked before.
    #[serde(default)]
    pub rules: Vec<String>,
}

/// A file of producers (TOML).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Producers {
    /// Base URL of the party register.
    #[serde(default)]
    pub party_register: Option<String>,
    /// File with what the register asks to be shown (`Authorization: Bearer`); relative to this one.
    #[serde(default)]
    pub party_register_key_file: Option<PathBuf>,
    /// The producers.
    #[serde(default)]
    pub producers: Vec<Producer>,
}

impl Producers {
    /// Reads a file.
    ///
    /// # Errors
    /// A file that cannot be read or does not parse; the error says where.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        toml::from_str(&text).with_context(|| file.display().to_string())
    }

    /// What the register asks to be shown, for a file of producers that is in `folder`.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn party_register_key(&self, folder: &Path) -> anyhow::Result<Option<String>> {
        let Some(file) = &self.party_register_key_file else {
            return Ok(None);
        };
        let file = folder.join(file);
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Some(text.trim().to_owned()))
    }
}

/// How the service is to be.
#[derive(Clone)]
pub struct CaseStatusConfig {
    /// The producers.
    pub producers: Vec<Producer>,
    /// Base URL of the party register; asks are posted to `/parties/lookups` under it.
    pub party_register: String,
    /// What the register asks to be shown.
    pub party_register_key: Option<String>,
    /// The SQLite file; made if it is not there.
    pub database: PathBuf,
    /// How long an answer may take when the caller sets no shorter time.
    pub deadline: Duration,
}

impl fmt::Debug for CaseStatusConfig {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaseStatusConfig")
            .field("producers", &self.producers)
            .finish_non_exhaustive()
    }
}

impl CaseStatusConfig {
    /// A configuration with the usual deadline of 2 s and the database `case-status.sqlite` in `data_dir`.
    #[must_use]
    pub fn new(producers: Vec<Producer>, party_register: impl Into<String>, data_dir: &Path) -> Self {
        Self {
            producers,
            party_register: party_register.into(),
            party_register_key: None,
            database: data_dir.join("case-status.sqlite"),
            deadline: Duration::from_secs(2),
        }
    }

    /// Checks the whole and says everything that is wrong.
    ///
    /// # Errors
    /// All problems, one a line.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let mut wrong = Vec::new();
        for (at, producer) in self.producers.iter().enumerate() {
            let mut say = |text: &str| wrong.push(format!("producers[{at}] ({}): {text}", producer.id));
            if producer.id.is_empty() || !producer.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                say("id must be letters, digits and hyphens");
            }
            if self.producers.iter().take(at).any(|earlier| earlier.id == producer.id) {
                say("id is already taken");
            }
            if producer.form != Form::Pushed && !is_base_url(&producer.base_url) {
                say("baseUrl must be http:// or https:// with a host");
            }
        }
        if !self.producers.is_empty() && !is_base_url(&self.party_register) {
            wrong.push("partyRegister: must be http:// or https:// with a host".to_owned());
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            bail!(wrong.join("\n"))
        }
    }
}

fn is_base_url(text: &str) -> bool {
    reqwest::Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let producer = |id: &str, base_url: &str| Producer {
            id: id.to_owned(),
            organisation_id: "a".to_owned(),
            name: LocalizedText::swedish("A"),
            form: Form::Cases,
            base_url: base_url.to_owned(),
            relation_term: None,
            rules: Vec::new(),
        };
        let producers = vec![
            producer("a", "http://127.0.0.1:1"),
            producer("a", "ftp://x"),
            producer("å", "https://x"),
        ];
        let error = CaseStatusConfig::new(producers, "", Path::new("."))
            .check()
            .unwrap_err()
            .to_string();
        assert_eq!(error.lines().count(), 4, "{error}");
    }

    #[test]
    fn the_example_file_is_right() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("producers.example.toml");
        let Producers {
            producers,
            party_register,
            ..
        } = Producers::load(&file).unwrap();
        CaseStatusConfig::new(producers, party_register.unwrap(), Path::new("."))
            .check()
            .unwrap();
    }

    #[test]
    fn a_key_that_does_not_exist_is_refused() {
        assert!(toml::from_str::<Producers>("producer = []").is_err());
    }
}
