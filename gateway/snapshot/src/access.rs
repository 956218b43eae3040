//! May this application call this API now? One or two hash look-ups, whatever the number of agreements.

use crate::model::{Access, Agreement, AgreementIndex, ApiIndex, ApplicationIndex, Delegation, OrganisationIndex};
use crate::{RouteIndex, Snapshot};
use hashbrown::HashMap;

/// Agreements by who they cover. One that names no application is kept once for its organisation, so that the table
/// grows with the agreements and not with the applications.
#[derive(Debug, Default)]
pub(crate) struct Table {
    organisations: HashMap<(OrganisationIndex, ApiIndex), Vec<AgreementIndex>>,
    applications: HashMap<(ApplicationIndex, ApiIndex), Vec<AgreementIndex>>,
}

impl Table {
    /// The agreement covers every application of `consumer`.
    pub(crate) fn cover_organisation(&mut self, consumer: OrganisationIndex, api: ApiIndex, agreement: AgreementIndex) {
        self.organisations.entry((consumer, api)).or_default().push(agreement);
    }

    /// The agreement covers this application.
    pub(crate) fn cover_application(&mut self, consumer: ApplicationIndex, api: ApiIndex, agreement: AgreementIndex) {
        self.applications.entry((consumer, api)).or_default().push(agreement);
    }

    /// The agreements between one application and one API: in practice one or two.
    fn between(
        &self,
        organisation: Option<OrganisationIndex>,
        application: ApplicationIndex,
        api: ApiIndex,
    ) -> impl Iterator<Item = AgreementIndex> {
        let whole = organisation.and_then(|organisation| self.organisations.get(&(organisation, api)));
        let whole = whole.into_iter().flatten();
        let named = self.applications.get(&(application, api)).into_iter().flatten();
        whole.chain(named).copied()
    }
}

impl Snapshot {
    /// Whether `application` may call `api` at `now_unix_seconds`, and under which agreement.
    ///
    /// An agreement in force wins; without one, an agreement that is to begin is named before one that has ended.
    pub fn access(&self, application: ApplicationIndex, api: ApiIndex, now_unix_seconds: i64) -> Access {
        self.best_access(application, api, now_unix_seconds, |_| true)
    }

    /// As [`Snapshot::access`] for the API of `route`; among several agreements in force it names one that grants all
    /// of the route's scopes, if there is one. A route outside any API needs no agreement and gives [`Access::Missing`].
    pub fn access_to_route(&self, application: ApplicationIndex, route: RouteIndex, now_unix_seconds: i64) -> Access {
        match self.route(route).api {
            Some(api) => {
                let grants = |agreement| self.agreement_grants(agreement, route);
                self.best_access(application, api, now_unix_seconds, grants)
            }
            None => Access::Missing,
        }
    }

    /// As [`Snapshot::access`]; among several agreements in force it names one that grants all of `scopes`, if there is one.
    pub fn access_for_scopes(&self, application: ApplicationIndex, api: ApiIndex, scopes: &[&str], now: i64) -> Access {
        self.best_access(application, api, now, |agreement| {
            let granted = &self.agreement(agreement).scopes;
            granted.is_empty() || scopes.iter().all(|scope| granted.iter().any(|held| **held == **scope))
        })
    }

    /// On whose behalf a supplier's application calls under the agreement; `None`: a consumer's calls for its own organisation.
    pub fn delegation(&self, application: ApplicationIndex, agreement: AgreementIndex) -> Option<Delegation> {
        let Agreement {
            consumers, suppliers, ..
        } = self.agreement(agreement);
        if suppliers.is_empty() {
            return None;
        }
        let supplier = self.application(application).organisation;
        (suppliers.contains(&supplier) && !consumers.contains(&supplier)).then(|| Delegation {
            supplier,
            consumer: consumers.first().copied().filter(|_| consumers.len() == 1),
        })
    }

    /// Whether the agreement grants every scope that the route asks for; an agreement that lists no scopes grants all
    /// scopes of its APIs.
    pub fn agreement_grants(&self, agreement: AgreementIndex, route: RouteIndex) -> bool {
        let granted = &self.agreement(agreement).scopes;
        granted.is_empty() || self.route(route).scopes.iter().all(|scope| granted.contains(scope))
    }

    fn best_access(
        &self,
        application: ApplicationIndex,
        api: ApiIndex,
        now: i64,
        grants: impl Fn(AgreementIndex) -> bool,
    ) -> Access {
        let caller = self.application(application);
        let organisation = (!caller.own_agreements_only).then_some(caller.organisation);
        let mut best = Access::Missing;
        for candidate in self.access.between(organisation, application, api) {
            match self.weigh(best, candidate, now) {
                Access::Granted(found) if found == candidate && grants(candidate) => return Access::Granted(candidate),
                better => best = better,
            }
        }
        best
    }

    /// The better of `best` and what `candidate` says at `now`.
    fn weigh(&self, best: Access, candidate: AgreementIndex, now: i64) -> Access {
        let agreement = self.agreement(candidate);
        let state = state(agreement, candidate, now);
        match (best, state) {
            (Access::Granted(_), Access::Ended(_) | Access::NotYet(_) | Access::Suspended(_)) => best,
            (Access::Suspended(_), Access::Ended(_) | Access::NotYet(_) | Access::Suspended(_)) => best,
            (Access::NotYet(_), Access::Ended(_)) => best,
            // The one that begins first, or ended last, says most to the caller.
            (Access::NotYet(known), Access::NotYet(_)) if self.agreement(known).valid_from <= agreement.valid_from => {
                best
            }
            (Access::Ended(known), Access::Ended(_)) if self.agreement(known).valid_to >= agreement.valid_to => best,
            _ => state,
        }
    }
}

/// What one agreement says at `now`: from `valid_from`, inclusive, to `valid_to`, exclusive.
fn state(agreement: &Agreement, index: AgreementIndex, now: i64) -> Access {
    if agreement.valid_to.is_some_and(|end| now >= end) {
        Access::Ended(index)
    } else if now < agreement.valid_from {
        Access::NotYet(index)
    } else if agreement.suspended {
        Access::Suspended(index)
    } else {
        Access::Granted(index)
    }
}
