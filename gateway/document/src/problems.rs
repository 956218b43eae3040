//! The problems found so far, in any number of documents.

use crate::source::Place;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What kind of problem it is, as far as a reader of the document must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// The file or its syntax: what was read may lack anything.
    Syntax,
    /// This key gave no value; a default stands in for it, so a rule that looks at it would report nonsense.
    Unread,
    /// Everything that was written is read, and breaks a rule or has no meaning.
    Rule,
}

/// One thing wrong in a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The document's name, as given to [`crate::Source`].
    pub document: Arc<str>,
    /// Where in it; `None`: the document as a whole.
    pub place: Option<Place>,
    /// Key path, `apis[0].limits[1]`; empty: no key.
    pub path: String,
    /// What is wrong and what to do about it.
    pub message: String,
    /// What kind of problem it is.
    pub kind: ProblemKind,
}

impl fmt::Display for Problem {
    /// `file:line:column: key path: message`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.document)?;
        if let Some(Place { line, column }) = self.place {
            write!(formatter, ":{line}:{column}")?;
        }
        if !self.path.is_empty() {
            write!(formatter, ": {}", self.path)?;
        }
        write!(formatter, ": {}", self.message)
    }
}

impl std::error::Error for Problem {}

/// A collection of problems. Readers share one by reference; as an error it shows every problem, one a line.
#[derive(Debug, Default)]
pub struct Problems(Mutex<Vec<Problem>>);

impl Problems {
    /// None yet.
    pub fn new() -> Self {
        Problems::default()
    }

    /// Adds one.
    pub fn add(&self, problem: Problem) {
        self.lock().push(problem);
    }

    /// Adds all of another collection.
    pub fn add_all(&self, others: Problems) {
        self.lock().extend(others.into_vec());
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// How many there are, repetitions included.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// The problems by document and place, each once.
    pub fn sorted(&self) -> Vec<Problem> {
        let mut sorted = self.lock().clone();
        sorted.sort();
        sorted.dedup_by(|a, b| {
            (&a.document, a.place, &a.path, &a.message) == (&b.document, b.place, &b.path, &b.message)
        });
        sorted
    }

    /// The problems in the order they were found.
    pub fn into_vec(self) -> Vec<Problem> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// `config/demo/registry.toml:12:3: apis[0].limits[1]: there is no limit ...`, one problem a line; empty when there
    /// is none.
    pub fn render(&self) -> String {
        self.sorted().iter().map(|problem| format!("{problem}\n")).collect()
    }

    /// `Ok(value)` when nothing is wrong.
    ///
    /// # Errors
    /// The collection itself, when it holds a problem.
    pub fn or_ok<T>(self, value: T) -> Result<T, Problems> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Problem>> {
        // A list of messages is whole after any panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Problems(Mutex::new(vec![problem]))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.render().trim_end())
    }
}

impl std::error::Error for Problems {}
