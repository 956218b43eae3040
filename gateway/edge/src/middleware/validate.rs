//! Holds calls, and in a sandbox answers too, against the API's own OpenAPI document (`[apis.validate]`). What is wrong is said
//! place by place: where (a JSON pointer), which rule, and what it asks for; never the value.

mod direction;
mod operation;

pub use operation::Violation;
pub(crate) use operation::{Operation, operations};

use super::around::{Inside, Take, Taken};
use super::hold::{Held, HeldAnswer, hold, hold_answer};
use crate::body::{RequestBody, ResponseBody};
use crate::call::{Answer, Call, Refused};
use crate::error::GatewayError;
use http::Response;
use snapshot::Validate as Policy;
use std::sync::Arc;

/// The layer.
#[derive(Debug, Clone)]
pub struct Validate;

impl Take for Validate {
    fn concerns(&self, call: &Call) -> bool {
        call.facts.api().is_some_and(|api| api.traffic.validate.is_some()) && call.facts.operation().is_some()
    }

    fn take<S: Inside>(&self, call: Call, inside: S) -> Taken {
        Box::pin(validate(call, inside))
    }
}

async fn validate<S: Inside>(call: Call, mut inside: S) -> Result<Answer, Refused> {
    let (Some(operation), Some(policy)) = (
        call.facts.operation(),
        call.facts.api().and_then(|api| api.traffic.validate.clone()),
    ) else {
        return inside.call(call).await;
    };
    let call = match policy.requests {
        true => check_request(&operation, &policy, call).await?,
        false => call,
    };
    let Answer { response, facts } = inside.call(call).await?;
    if !policy.responses {
        return Ok(Answer { response, facts });
    }
    match hold_answer(response, policy.max_body_bytes as usize, &facts).await {
        Ok(HeldAnswer::Whole(head, body)) => {
            let violations = match head.status.is_informational() || facts.record.method == http::Method::HEAD {
                true => Vec::new(),
                false => operation.check_answer(&head, &body),
            };
            if violations.is_empty() {
                let response = Response::from_parts(head, ResponseBody::Full(body));
                return Ok(Answer { response, facts });
            }
            let error = GatewayError::AnswerInvalid(violations);
            Err(Refused { error, facts })
        }
        Ok(HeldAnswer::Larger(response)) => Ok(Answer {
            response: *response,
            facts,
        }),
        Err(error) => Err(Refused { error, facts }),
    }
}

async fn check_request(operation: &Arc<Operation>, policy: &Policy, call: Call) -> Result<Call, Refused> {
    let Call { head, body, mut facts } = call;
    let template = facts.route().map(|route| Arc::clone(&route.template));
    let mut violations = match template {
        Ok(template) => operation.check_parameters(&head, &template),
        Err(error) => return Err(Refused { error, facts }),
    };
    let body = match hold(body, policy.max_body_bytes as usize, &mut facts).await {
        Ok(Held::Whole(body)) => body,
        Ok(Held::Larger(_)) => {
            let limit = policy.max_body_bytes.into();
            return Err(Refused {
                error: GatewayError::BodyTooLarge { limit },
                facts,
            });
        }
        Err(error) => return Err(Refused { error, facts }),
    };
    violations.extend(operation.check_body(&head.headers, &body));
    if !violations.is_empty() {
        let error = GatewayError::RequestInvalid(violations);
        return Err(Refused { error, facts });
    }
    let body = match body.is_empty() {
        true => RequestBody::empty(),
        false => RequestBody::full(body),
    };
    Ok(Call { head, body, facts })
}
