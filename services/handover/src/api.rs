//! `/handover/v1`: the routes and what the document says of the whole.

mod agency;
mod person;
mod schema;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{LocalizedText, Problem, ProblemKind};
use service_host::{Access, Api, ApiFacts, ApiStatus, Caller, Refusal};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::agreement::{Agreement, Agreements, Wanted};
use crate::handover::{Details, Receipt, State};
use crate::store::{Person, Store, StoreError};

/// The most that the items of one handover hold together, in bytes.
pub(crate) const MOST_BYTES: usize = 512 * 1024;
/// The scope of a person's token with which their matters are handed over.
const SCOPE: &str = "handovers.write";

/// What the routes stand on.
pub(crate) struct Handovers {
    pub(crate) store: Store,
    pub(crate) agreements: Agreements,
}

/// The document of `/handover/v1`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::document(&facts(), routes())
}

pub(crate) fn routes() -> OpenApiRouter<Arc<Handovers>> {
    OpenApiRouter::new()
        .routes(routes!(agency::list_handovers, agency::create_handover))
        .routes(routes!(agency::get_handover))
        .routes(routes!(person::preview_handover))
        .routes(routes!(person::accept_handover))
        .routes(routes!(person::withdraw_handover))
        .routes(routes!(agency::get_content))
        .routes(routes!(agency::create_receipt))
        .routes(routes!(agency::get_secure_message))
}

pub(crate) fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/handover/v1",
        title: "Överlämning",
        version: "1.0.0",
        released: "2026-11-26",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "En myndighet skickar ett ärende vidare till en annan, så att personen inte behöver bära papper mellan dem. \
             Personen ser exakt vad som delas och säger ja till just det. Rättslig grund och avtal kontrolleras. Mottagaren \
             får samma byte och kvitterar med deras hashar. Personen och avsändaren kan ta tillbaka det.",
            "An agency sends a matter on to another, so that the person need not carry papers between them. The person sees \
             exactly what is shared and says yes to just that. Legal basis and agreement are checked. The recipient gets \
             the same bytes and acknowledges by their hashes. The person and the sender can take it back.",
        ),
        limitations: LocalizedText::new(
            "En överlämning får innehålla högst 512 KiB. Innehållet lagras krypterat och tas bort när det är mottaget, \
             avböjt, tillbakataget eller för gammalt. Det som mottagaren redan har hämtat kan inte hämtas tillbaka. Den som \
             skapar, granskar och godkänner anropar med personens åtkomstbiljett med handovers.write.",
            "A handover may hold at most 512 KiB. What is shared is stored encrypted and removed when it is received, \
             refused, withdrawn or too old. What the recipient has fetched already cannot be fetched back. Whoever creates, \
             previews and accepts calls with the person's access token with handovers.write.",
        ),
        access: Access::KeyOrPersonToken,
    }
}

impl Handovers {
    /// The agreement that covers this today, or a refusal that says what it lacks.
    fn covering(&self, from: &str, to: &str, details: &Details) -> Result<&Agreement, Refusal> {
        let wanted = Wanted {
            agreement: &details.agreement_id,
            from,
            to,
            legal_basis: &details.legal_basis,
        };
        let kinds = details.items.iter().map(|item| item.kind.as_str());
        self.agreements.covering(&wanted, kinds, today()).map_err(|lacks| {
            let detail = format!("The handover is not covered: {lacks}.");
            Refusal::of(ProblemKind::NotAllowed, detail)
        })
    }
}

/// The day in Sweden.
fn today() -> Date {
    let zone = model::hours::sweden().unwrap_or(TimeZone::UTC);
    Timestamp::now().to_zoned(zone).date()
}

/// The caller's organisation, as the gateway says it.
fn organisation(caller: &Caller) -> Result<&str, Refusal> {
    let detail = "Only an organisation can do this. Call with a credential that was issued for one.";
    caller
        .organisation
        .as_deref()
        .ok_or_else(|| Refusal::of(ProblemKind::NotYours, detail))
}

/// The person, who has permitted that their matters are handed over.
fn person(caller: &Caller) -> Result<Person, Refusal> {
    let party = caller.person()?;
    if !caller.scopes.iter().any(|scope| scope == SCOPE) {
        let detail = "The person has not permitted this. Ask for an access token with the scope handovers.write.";
        return Err(Refusal::of(ProblemKind::NotAllowed, detail));
    }
    Ok(Person::new(party.as_str()))
}

fn receipt(state: State, by: &str) -> Receipt {
    Receipt {
        state,
        at: Timestamp::now(),
        by: by.to_owned(),
        reason: None,
    }
}

fn invalid(field: &str, message: &str) -> Refusal {
    Problem::of(ProblemKind::InvalidBody)
        .detail(format!("'{field}' {message}."))
        .field(field, message)
        .into()
}

fn failed(error: StoreError) -> Refusal {
    match error {
        StoreError::NotFound => Refusal::of(ProblemKind::NotFound, "There is no handover with this id."),
        StoreError::State(state) => {
            let detail = match state {
                State::Draft => "The handover has not been shown to the person. Preview it first.",
                State::Previewed => "The person has not accepted the handover yet.",
                State::Sent => "It has been sent, and its recipient has not fetched the contents yet.",
                State::Retrieved => "The recipient has fetched it already.",
                State::Received => "The recipient has received it; its contents have been removed here.",
                State::Refused => "The recipient has refused it; its contents have been removed here.",
                State::Withdrawn => "It has been withdrawn; its contents have been removed here.",
                State::Expired => "It has expired; its contents have been removed here.",
            };
            Refusal::of(ProblemKind::Conflict, detail)
        }
        StoreError::Content(error) => {
            tracing::error!(%error, "a handover could not be read");
            Refusal::from(Problem::of(ProblemKind::Internal))
        }
        StoreError::Database(error) => {
            tracing::error!(%error, "the database of handovers failed");
            let kind = if error.is_transient() {
                ProblemKind::Unavailable
            } else {
                ProblemKind::Internal
            };
            Refusal::from(Problem::of(kind))
        }
    }
}
