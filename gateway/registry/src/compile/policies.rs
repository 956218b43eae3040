//! Policies of carrying calls, as the registry writes them and as the request path takes them; both ways, so that a registry
//! document can be taken over.

use crate::model::{
    Api, Backend, Breaker, Cache, Canary, Ejection, HealthCheck, Idempotency, Maintenance, Mirror, Retry, RetryMethods,
    Validation,
};
use snapshot::{ApiTraffic, BackendTraffic};
use std::num::NonZeroU32;
use std::time::Duration;

/// A backend's.
pub(super) fn backend(backend: &Backend) -> BackendTraffic {
    let millis = Duration::from_millis;
    BackendTraffic {
        weights: super::convert::weights(&backend.targets),
        max_concurrent: backend.max_concurrent.and_then(NonZeroU32::new),
        max_pending: backend.max_pending,
        slow_start: millis(backend.slow_start_milliseconds),
        breaker: backend.breaker.as_ref().map(|breaker| snapshot::Breaker {
            failure_percent: breaker.failure_percent,
            window: millis(breaker.window_milliseconds),
            min_calls: breaker.min_calls,
            open_for: millis(breaker.open_for_milliseconds),
            probes: breaker.probes,
        }),
        ejection: match &backend.ejection {
            None => Some(snapshot::Ejection::default()),
            Some(ejection) => ejection.enabled.then(|| snapshot::Ejection {
                failures: ejection.failures,
                eject_for: millis(ejection.eject_for_milliseconds),
                max_percent: ejection.max_percent,
            }),
        },
        health: backend.health_check.as_ref().map(|check| snapshot::HealthCheck {
            path: check.path.clone(),
            interval: Duration::from_secs(check.interval_seconds),
            timeout: millis(check.timeout_milliseconds),
            unhealthy_after: check.unhealthy_after,
            healthy_after: check.healthy_after,
        }),
    }
}

/// An API's.
pub(super) fn api(api: &Api) -> ApiTraffic {
    ApiTraffic {
        retry: api.retry.as_ref().map(|retry| snapshot::Retry {
            methods: match retry.methods {
                RetryMethods::Safe => snapshot::RetryMethods::Safe,
                RetryMethods::Idempotent => snapshot::RetryMethods::Idempotent,
            },
            attempts: retry.attempts,
            statuses: retry.statuses.clone(),
            try_timeout: retry.try_timeout_milliseconds.map(Duration::from_millis),
            budget_percent: retry.budget_percent,
            max_replay_bytes: retry.max_replay_bytes,
        }),
        idempotency: api.idempotency.as_ref().map(|idempotency| snapshot::Idempotency {
            keep_for: Duration::from_secs(idempotency.keep_for_seconds),
            required: idempotency.required,
            max_body_bytes: idempotency.max_body_bytes,
            max_answer_bytes: idempotency.max_answer_bytes,
        }),
        cache: api.cache.as_ref().map(|cache| snapshot::Cache {
            max_entry_bytes: cache.max_entry_bytes,
        }),
        validate: api.validation.as_ref().map(|validation| snapshot::Validate {
            requests: validation.requests,
            responses: validation.responses,
            max_body_bytes: validation.max_body_bytes,
        }),
        maintenance: api.maintenance.as_ref().map(maintenance),
        canary: api.canary.as_ref().map(|canary| snapshot::Canary {
            backend: canary.backend_id.clone(),
            percent: canary.percent,
            header: canary.header.clone(),
            applications: canary.application_ids.clone(),
        }),
        mirror: api.mirror.as_ref().map(|mirror| snapshot::Mirror {
            backend: mirror.backend_id.clone(),
            percent: mirror.percent,
        }),
        mock_answers: api.mock_answers,
    }
}

/// What an API that is taken aside says.
pub(crate) fn maintenance(maintenance: &Maintenance) -> snapshot::Maintenance {
    snapshot::Maintenance {
        message: maintenance.message.clone(),
        message_en: maintenance.message_en.clone(),
        retry_after: Duration::from_secs(maintenance.retry_after_seconds),
    }
}

/// Puts a draft's into a backend.
pub(crate) fn put_into_backend(traffic: &BackendTraffic, backend: &mut Backend) {
    for (target, weight) in backend.targets.iter_mut().zip(&traffic.weights) {
        target.weight = *weight;
    }
    backend.max_concurrent = traffic.max_concurrent.map(NonZeroU32::get);
    backend.max_pending = traffic.max_pending;
    backend.slow_start_milliseconds = milliseconds(traffic.slow_start);
    backend.breaker = traffic.breaker.as_ref().map(Breaker::from);
    backend.ejection =
        (traffic.ejection != Some(snapshot::Ejection::default())).then(|| Ejection::of(traffic.ejection.as_ref()));
    backend.health_check = traffic.health.as_ref().map(|check| HealthCheck {
        path: check.path.clone(),
        // A document may ask more often than the registry lets agencies do.
        interval_seconds: check.interval.as_secs().max(1),
        timeout_milliseconds: milliseconds(check.timeout),
        unhealthy_after: check.unhealthy_after,
        healthy_after: check.healthy_after,
    });
}

/// Puts a draft's into an API.
pub(crate) fn put_into_api(traffic: &ApiTraffic, api: &mut Api) {
    api.retry = traffic.retry.as_ref().map(Retry::from);
    api.idempotency = traffic.idempotency.as_ref().map(Idempotency::from);
    api.cache = traffic.cache.as_ref().map(Cache::from);
    api.validation = traffic.validate.as_ref().map(|validate| Validation {
        requests: validate.requests,
        responses: validate.responses,
        max_body_bytes: validate.max_body_bytes,
    });
    api.maintenance = traffic.maintenance.as_ref().map(|maintenance| Maintenance {
        message: maintenance.message.clone(),
        message_en: maintenance.message_en.clone(),
        retry_after_seconds: maintenance.retry_after.as_secs(),
    });
    api.canary = traffic.canary.as_ref().map(|canary| Canary {
        backend_id: canary.backend.clone(),
        percent: canary.percent,
        header: canary.header.clone(),
        application_ids: canary.applications.clone(),
    });
    api.mock_answers = traffic.mock_answers;
    api.mirror = traffic.mirror.as_ref().map(|mirror| Mirror {
        backend_id: mirror.backend.clone(),
        percent: mirror.percent,
    });
}

impl From<&snapshot::Breaker> for Breaker {
    fn from(breaker: &snapshot::Breaker) -> Self {
        Self {
            failure_percent: breaker.failure_percent,
            window_milliseconds: milliseconds(breaker.window),
            min_calls: breaker.min_calls,
            open_for_milliseconds: milliseconds(breaker.open_for),
            probes: breaker.probes,
        }
    }
}

impl Ejection {
    /// `None`: turned off.
    pub(crate) fn of(ejection: Option<&snapshot::Ejection>) -> Self {
        let otherwise = snapshot::Ejection::default();
        let numbers = ejection.unwrap_or(&otherwise);
        Self {
            enabled: ejection.is_some(),
            failures: numbers.failures,
            eject_for_milliseconds: milliseconds(numbers.eject_for),
            max_percent: numbers.max_percent,
        }
    }
}

impl From<&snapshot::Retry> for Retry {
    fn from(retry: &snapshot::Retry) -> Self {
        Self {
            methods: match retry.methods {
                snapshot::RetryMethods::Safe => RetryMethods::Safe,
                snapshot::RetryMethods::Idempotent => RetryMethods::Idempotent,
            },
            attempts: retry.attempts,
            statuses: retry.statuses.clone(),
            try_timeout_milliseconds: retry.try_timeout.map(milliseconds),
            budget_percent: retry.budget_percent,
            max_replay_bytes: retry.max_replay_bytes,
        }
    }
}

impl From<&snapshot::Idempotency> for Idempotency {
    fn from(idempotency: &snapshot::Idempotency) -> Self {
        Self {
            keep_for_seconds: idempotency.keep_for.as_secs(),
            required: idempotency.required,
            max_body_bytes: idempotency.max_body_bytes,
            max_answer_bytes: idempotency.max_answer_bytes,
        }
    }
}

impl From<&snapshot::Cache> for Cache {
    fn from(cache: &snapshot::Cache) -> Self {
        Self {
            max_entry_bytes: cache.max_entry_bytes,
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
