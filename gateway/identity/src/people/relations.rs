//! For whom a person may act: a guardian for a child, a representative (`ombud`) for a company.
//!
//! A register of relations is asked, with the person's number, whenever it matters: when the person chooses whom to act
//! for, when they decide, and before each token. Nothing of its answer is kept but whom a consent is about, and why. While it
//! does not answer nobody acts for anybody else.

use super::{People, PeopleError, PersonId, PersonNumber};
use crate::api_key::SecretText;
use serde::Deserialize;
use serde_json::json;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Largest answer, in bytes.
const MOST: usize = 64 * 1024;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Relations of one person that are looked at.
const MOST_RELATIONS: usize = 50;
/// Longest name that is shown, in characters.
const LONGEST_NAME: usize = 120;

/// Where relations are asked for.
#[derive(Debug)]
pub struct RelationSettings {
    /// Base URL; questions are posted to `/parties/relations` under it.
    pub url: String,
    /// What is shown there, as `Authorization: Bearer`.
    pub key: Option<SecretText>,
}

/// A register of relations. Cheap to clone.
#[derive(Clone)]
pub struct Relations(Arc<Inner>);

struct Inner {
    settings: RelationSettings,
    client: reqwest::Client,
}

impl fmt::Debug for Relations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Relations(..)")
    }
}

/// What lets a person act for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RelationKind {
    /// Has custody of a child (`vårdnadshavare`).
    Guardian,
    /// Signs for a company, or is empowered to (`firmatecknare`, `ombud`).
    Representative,
    /// Anything else: it lets nobody act.
    #[serde(other)]
    Other,
}

impl RelationKind {
    /// Its name in tokens and consents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Guardian => "guardian",
            Self::Representative => "representative",
            Self::Other => "other",
        }
    }
}

/// Somebody for whom a person may act.
#[derive(Clone)]
pub struct Represented {
    /// What lets the person act.
    pub kind: RelationKind,
    /// What the other is called.
    pub name: String,
    number: PersonNumber,
}

impl fmt::Debug for Represented {
    /// Without who it is.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Represented")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Represented {
    /// What stands for the other in a form of a page with this word: it tells nobody who it is.
    pub(super) fn mark(&self, word: &str) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("vagvisare represented v1");
        for part in [word, self.kind.name(), self.number.expose()] {
            hasher.update(part.as_bytes());
            hasher.update(b"\n");
        }
        hasher.finalize().to_hex().chars().take(32).collect()
    }
}

#[derive(Deserialize)]
struct Answer {
    relations: Vec<Related>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Related {
    kind: RelationKind,
    #[serde(default)]
    name: String,
    #[serde(default)]
    may_act: bool,
    /// Twelve digits: a person number, or `16` and an organisation number.
    #[serde(default)]
    person_number: String,
}

impl Relations {
    /// Over a register.
    ///
    /// # Errors
    /// When the platform's TLS cannot be set up.
    pub fn new(settings: RelationSettings) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(1))
            .timeout(PATIENCE)
            .build()?;
        Ok(Self(Arc::new(Inner { settings, client })))
    }

    async fn of(&self, number: &PersonNumber) -> Result<Vec<Represented>, PeopleError> {
        let Inner { settings, client } = &*self.0;
        let url = format!("{}/parties/relations", settings.url.trim_end_matches('/'));
        let mut request = client.post(url).json(&json!({ "personNumber": number.expose() }));
        if let Some(key) = &settings.key {
            request = request.bearer_auth(key.expose());
        }
        // Neither the question nor the answer is said in an error: they hold person numbers.
        let mut response = request.send().await.map_err(|_| PeopleError::Relations)?;
        if !response.status().is_success() {
            return Err(PeopleError::Relations);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| PeopleError::Relations)? {
            if body.len().saturating_add(chunk.len()) > MOST {
                return Err(PeopleError::Relations);
            }
            body.extend_from_slice(&chunk);
        }
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| PeopleError::Relations)?;
        let represented = |one: Related| {
            let number = PersonNumber::read(&one.person_number)?;
            let may = one.may_act && one.kind != RelationKind::Other;
            may.then(|| Represented {
                kind: one.kind,
                name: one.name.chars().take(LONGEST_NAME).collect(),
                number,
            })
        };
        Ok(answer
            .relations
            .into_iter()
            .filter_map(represented)
            .take(MOST_RELATIONS)
            .collect())
    }
}

impl People {
    /// Lets people act for those whom this register lets them act for.
    #[must_use]
    pub fn with_relations(mut self, relations: Relations) -> Self {
        self.relations = Some(relations);
        self
    }

    /// Those for whom the person may act now; nobody, where there is no register of relations.
    ///
    /// # Errors
    /// The database; [`PeopleError::Relations`] when the register does not answer.
    pub async fn represented(&self, person: &PersonId) -> Result<Vec<Represented>, PeopleError> {
        let Some(relations) = &self.relations else {
            return Ok(Vec::new());
        };
        match self.number(person).await? {
            Some(number) => relations.of(&number).await,
            None => Ok(Vec::new()),
        }
    }

    /// The other as somebody of this installation.
    ///
    /// # Errors
    /// The database, or random bytes.
    pub async fn other(&self, represented: &Represented) -> Result<PersonId, PeopleError> {
        self.person(&represented.number).await
    }

    /// Whether a consent that was given for somebody else may still be used: whether who gave it may act for them now.
    ///
    /// # Errors
    /// The database; [`PeopleError::NoConsent`] when it is not in force; [`PeopleError::Relations`].
    pub async fn may_still_act(&self, consent: &str) -> Result<bool, PeopleError> {
        let consent = self.consent_in_force(consent).await?;
        let (Some(other), Some(relation)) = (&consent.acts_for, &consent.relation) else {
            return Ok(true);
        };
        let number = self.number(other).await?;
        let represented = self.represented(&consent.person).await?;
        let is = |one: &Represented| one.kind.name() == relation && Some(&one.number) == number.as_ref();
        Ok(represented.iter().any(is))
    }

    /// What the others are called whom the person may act for now, with who they are here.
    ///
    /// # Errors
    /// As [`People::represented`].
    pub(super) async fn names_of_others(&self, person: &PersonId) -> Result<Vec<(PersonId, String)>, PeopleError> {
        let mut named = Vec::new();
        for one in self.represented(person).await? {
            named.push((self.other(&one).await?, one.name));
        }
        Ok(named)
    }
}
