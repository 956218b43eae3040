//! Reads a TOML document and reports every problem at once, with file, line, column and key path.
//!
//! A [`Source`] is one file's text and tree. [`Source::table`] gives a [`Table`], whose readers (`required_string`,
//! `duration`, `tables`, ...) never fail: what is wrong is written to [`Problems`] and reading goes on with a default.
//! A key that nobody asked for is a problem too, so a misspelt setting is never silently ignored. There is no
//! substitution of environment variables: what is in the file is what holds.
//!
//! ```
//! let source = document::Source::from_text("demo.toml", "name = \"demo\"\ndeadlin = \"2s\"\n");
//! let problems = document::Problems::new();
//! let table = source.table(&problems);
//! let name = table.required_string("name");
//! let deadline = table.duration("deadline", std::time::Duration::from_secs(5));
//! table.finish();
//! assert_eq!(name, "demo");
//! assert_eq!(deadline.as_secs(), 5);
//! assert_eq!(problems.render(), "demo.toml:2:1: deadlin: unknown key; did you mean `deadline`?\n");
//! ```

mod locate;
mod problems;
mod quantities;
mod similar;
mod source;
mod table;
mod tree;

pub use problems::{Problem, ProblemKind, Problems};
pub use source::{LARGEST_DOCUMENT, Place, Source};
pub use table::Table;
