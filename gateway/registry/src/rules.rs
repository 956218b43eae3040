//! What may be registered: pure functions over objects, each saying what is wrong and what to do instead.
//!
//! What the request path could not serve is found by compiling the object alone (`served`), so that there is one set of
//! rules; here are those that only a registry has.

mod agreement;
mod ids;
mod policies;
mod served;
mod small;

pub use agreement::{Surroundings, check_agreement, check_personal_data};
pub use ids::{check_given_id, check_organisation_id};
pub use policies::check_maintenance;
pub use served::{Referred, check_api, check_backend, check_limit_plan};
pub use small::{check_application, check_credential, check_member, check_organisation};

/// One thing that is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Dotted path of the field in the body.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Breach {
    /// A breach.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// Longest texts, in characters.
const LONGEST_NAME: usize = 200;
const LONGEST_TEXT: usize = 4_000;
/// Most entries in a list.
pub(crate) const LONGEST_LIST: usize = 200;

fn check_name(breaches: &mut Vec<Breach>, field: &str, text: &str) {
    check_text(breaches, field, text, LONGEST_NAME);
}

fn check_text(breaches: &mut Vec<Breach>, field: &str, text: &str, longest: usize) {
    if text.trim().is_empty() {
        breaches.push(Breach::new(field, "must not be empty"));
    } else if text.chars().count() > longest {
        breaches.push(Breach::new(field, format!("must have at most {longest} characters")));
    } else if text
        .chars()
        .any(|character| character.is_control() && character != '\n')
    {
        breaches.push(Breach::new(field, "must not hold control characters"));
    }
}

fn check_length<T>(breaches: &mut Vec<Breach>, field: &str, list: &[T]) {
    if list.len() > LONGEST_LIST {
        breaches.push(Breach::new(field, format!("must have at most {LONGEST_LIST} entries")));
    }
}
