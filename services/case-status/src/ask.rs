//! Asking one producer about one person, in its form, within the time there is.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use model::Party;
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, RequestBuilder, StatusCode};
use service_host::{Fetched, Limits, Outgoing, OutgoingError, PartyId};
use tokio::time::Instant;
use uuid::Uuid;

use crate::config::{Form, Producer};
use crate::forms::{cases, encoding, errands, mina_arenden};
use crate::index::Index;
use crate::register::Register;
use crate::told::{Asked, MOST_CASES, NotInForm, Other, Told};

/// The largest answer that is read, in bytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A producer that has more pages than this for one person is not asked for the rest.
const MOST_PAGES: u64 = 10;

/// At most this many others are named in one producer's answer.
const MOST_OTHERS: usize = 50;

/// Who asks producers.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub(crate) outgoing: Outgoing,
    pub(crate) register: Register,
    index: Arc<Index>,
}

/// What is asked: everything, or one case; of whom the producer knows by the identifier, where it is known already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Question {
    pub(crate) reference: Option<String>,
    pub(crate) identifier: Option<String>,
}

/// What came of asking.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The producer answered in its form.
    Told(Told),
    /// The producer has nothing to do with the person, so it was not asked.
    NotEngaged,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// Whether it was a matter of time.
    pub(crate) timeout: bool,
    /// What the producer answered, when it did.
    pub(crate) status: Option<u16>,
    /// When it says that it may be asked again, in seconds.
    pub(crate) retry_after: Option<u32>,
    /// For the log: never anything of what was sent or received.
    pub(crate) why: &'static str,
}

impl Failed {
    const fn because(why: &'static str) -> Self {
        Self {
            timeout: false,
            status: None,
            retry_after: None,
            why,
        }
    }

    pub(crate) const fn register() -> Self {
        Self::because("the party register did not answer as it should")
    }

    pub(crate) const fn late() -> Self {
        Self {
            timeout: true,
            ..Self::because("no answer in time")
        }
    }
}

impl From<OutgoingError> for Failed {
    fn from(error: OutgoingError) -> Self {
        match error {
            OutgoingError::Timeout => Self::late(),
            OutgoingError::Connection(_) => Self::because("the connection failed"),
            OutgoingError::Forbidden => Self::because("the address may not be called"),
            OutgoingError::TooLarge => Self::because("the answer is too large"),
            OutgoingError::Request(_) => Self::because("the request cannot be made"),
        }
    }
}

impl Asker {
    pub(crate) fn new(outgoing: Outgoing, register: Register, index: Arc<Index>) -> Self {
        Self {
            index,
            register,
            outgoing,
        }
    }

    /// Asks `producer` about everything `party` has with it, or about one case. What is told counts as told at `now`.
    ///
    /// # Errors
    /// No answer before `deadline`, or one that cannot be used.
    pub(crate) async fn ask(
        &self,
        producer: &Producer,
        party: &PartyId,
        question: Question,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Answer, Failed> {
        let reference = question.reference.as_deref();
        let identifier = match question.identifier {
            Some(identifier) => identifier,
            None => {
                let time = left(deadline)?;
                match self.register.look_up(party.as_str(), producer, time).await? {
                    Some(identifier) => identifier,
                    None => return Ok(Answer::NotEngaged),
                }
            }
        };
        let asked = Asked {
            producer,
            party: party.as_str(),
            identifier: &identifier,
            now,
        };
        let mut told = match producer.form {
            Form::MinaArenden61 => self.ask_mina_arenden(&asked, reference, deadline).await?,
            Form::Cases => self.ask_cases(&asked, deadline).await?,
            Form::Errands => self.ask_errands(&asked, deadline).await?,
            Form::Pushed => self.pushed(&asked, party).await?,
        };
        if told.known.is_empty() && told.rejected > 0 {
            return Err(Failed {
                status: Some(200),
                ..Failed::because("nothing in the answer could be used")
            });
        }
        self.name_others(&mut told, producer, deadline).await;
        Ok(Answer::Told(told))
    }

    /// Names others who have a part in cases by the ids that travel. Whoever the register does not know, or not in half
    /// of the time that is left, is not named: the case is shown all the same.
    async fn name_others(&self, told: &mut Told, producer: &Producer, deadline: Instant) {
        let others = told.known.iter().flat_map(|known| &known.others);
        let others: BTreeSet<_> = others.map(|other| other.identifier.clone()).collect();
        let time = deadline.saturating_duration_since(Instant::now()) / 2;
        let ask = |identifier: String| async move {
            let organisation = &producer.organisation_id;
            let found = self.register.identify(organisation, &identifier, time).await;
            Some((identifier, found.ok()??))
        };
        let named: HashMap<_, _> = join_all(others.into_iter().take(MOST_OTHERS).map(ask))
            .await
            .into_iter()
            .flatten()
            .collect();
        for known in &mut told.known {
            let party = |other: Other| {
                let party_id = named.get(&other.identifier)?.as_str().to_owned();
                Some(Party {
                    party_id,
                    role: other.role,
                    relation_term: other.relation_term,
                })
            };
            let others = std::mem::take(&mut known.others);
            known.case.parties.extend(others.into_iter().filter_map(party));
        }
    }

    async fn ask_mina_arenden(
        &self,
        asked: &Asked<'_>,
        reference: Option<&str>,
        deadline: Instant,
    ) -> Result<Told, Failed> {
        let mut reading = mina_arenden::Reading::default();
        let mut offset = 0;
        for _ in 0..MOST_PAGES {
            let request = self
                .outgoing
                .request(Method::POST, &url(asked.producer, mina_arenden::PATH))
                .header(mina_arenden::CORRELATION_HEADER, Uuid::new_v4().to_string())
                .json(&mina_arenden::question(asked.identifier, reference, offset));
            let fetched = self.fetch(mina_arenden::PATH, request, deadline).await?;
            // Some producers give fewer at a time than is asked for.
            match in_form(&fetched, reading.take(asked, &fetched.body))? {
                Some(next) => offset = next,
                None => break,
            }
        }
        Ok(reading.told(asked))
    }

    /// What the producer has pushed, as if it had just been told.
    async fn pushed(&self, asked: &Asked<'_>, party: &PartyId) -> Result<Told, Failed> {
        let pushed = self.index.pushed(party, &asked.producer.id).await.map_err(|error| {
            tracing::warn!(%error, "the index cannot be read");
            Failed::because("what was pushed cannot be read")
        })?;
        let mut told = Told::default();
        for (content, received_at) in pushed {
            let then = Asked {
                now: received_at,
                ..*asked
            };
            let case = serde_json::from_str(&content).ok();
            match case.and_then(|case| cases::read_one(&then, case)) {
                Some(known) => told.take(&then, known),
                None => told.rejected += 1,
            }
        }
        Ok(told)
    }

    async fn ask_errands(&self, asked: &Asked<'_>, deadline: Instant) -> Result<Told, Failed> {
        let request = self
            .outgoing
            .request(Method::GET, &url(asked.producer, errands::PATH))
            .query(&[("party", asked.identifier)]);
        let fetched = self.fetch(errands::PATH, request, deadline).await?;
        in_form(&fetched, errands::read(asked, &fetched.body))
    }

    async fn ask_cases(&self, asked: &Asked<'_>, deadline: Instant) -> Result<Told, Failed> {
        let mut told = Told::default();
        let (mut seen, mut stated) = (0, None);
        for number in 1..=MOST_PAGES {
            let (page, limit) = (number.to_string(), cases::LIMIT.to_string());
            let query = [("party", asked.identifier), ("page", &page), ("limit", &limit)];
            let request = self
                .outgoing
                .request(Method::GET, &url(asked.producer, cases::PATH))
                .query(&query);
            let fetched = self.fetch(cases::PATH, request, deadline).await?;
            let read = in_form(&fetched, cases::read(asked, &fetched.body, &mut told))?;
            seen += read.count;
            stated = stated.max(read.total);
            // Without a number a page is all there is.
            if read.count == 0 || stated.is_none_or(|stated| seen >= stated) {
                break;
            }
        }
        // What the producer says that it has and did not give, or gave twice while something else slid past between two
        // pages, is missing: the answer must not pass for complete.
        let given = told.known.len() + told.rejected;
        let stated = stated.map_or(0, |stated| usize::try_from(stated).unwrap_or(usize::MAX));
        told.rejected += stated.saturating_sub(given).min(MOST_CASES);
        Ok(told)
    }

    async fn fetch(&self, route: &str, request: RequestBuilder, deadline: Instant) -> Result<Fetched, Failed> {
        let limits = Limits {
            time: left(deadline)?,
            body_bytes: MOST_BYTES,
        };
        let request = request.header("accept", "application/json");
        let mut fetched = self.outgoing.fetch(route, request, limits).await?;
        fetched.body = encoding::as_utf8(&fetched.headers, fetched.body);
        // 206 is how the national form says that a part is missing.
        if matches!(fetched.status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
            return Ok(fetched);
        }
        let retry_after = fetched
            .headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let status = Some(fetched.status.as_u16());
        Err(Failed {
            status,
            retry_after,
            ..Failed::because("the producer refused")
        })
    }
}

/// The time in whole milliseconds, which is as exact as is said.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap_or_default()
}

fn url(producer: &Producer, path: &str) -> String {
    format!("{}{path}", producer.base_url.trim_end_matches('/'))
}

pub(crate) fn left(deadline: Instant) -> Result<Duration, Failed> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(Failed::late()) } else { Ok(left) }
}

fn in_form<T>(fetched: &Fetched, read: Result<T, NotInForm>) -> Result<T, Failed> {
    read.map_err(|_| Failed {
        status: Some(fetched.status.as_u16()),
        ..Failed::because("the answer is not in the producer's form")
    })
}
