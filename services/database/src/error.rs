//! What can go wrong, by what the caller can do about it.

/// Why a database did not do as it was told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be reached, is overloaded or is being restarted. The same call may succeed later; whether a commit took
    /// effect is not known.
    #[error("the database cannot be reached")]
    Unavailable(#[source] sqlx::Error),
    /// The disk is full, or a quota is. Reads go on.
    #[error("the database has no room left")]
    Full(#[source] sqlx::Error),
    /// A row with this key is there already.
    #[error("a row with this key is there already{}", .constraint.as_deref().map(|name| format!(" ({name})")).unwrap_or_default())]
    Conflict {
        /// The unique constraint or index, where the database names it.
        constraint: Option<String>,
    },
    /// Two transactions got in each other's way and this one lost. Run it again from its beginning.
    #[error("another transaction was first")]
    Serialization(#[source] sqlx::Error),
    /// [`fetch_one`](crate::Database::fetch_one) found no row.
    #[error("no such row")]
    NoRow,
    /// An address that is neither `sqlite:PATH` nor `postgres://HOST/NAME`.
    #[error("{0}")]
    Address(String),
    /// The schema was made by another version of the program.
    #[error("{0}")]
    Schema(String),
    /// A faulty statement, or a column of another type: a fault of the program.
    #[error("the database refused a statement")]
    Statement(#[source] sqlx::Error),
}

impl Error {
    /// Whether the same call may succeed later without anything being changed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Full(_) | Self::Serialization(_) => true,
            Self::Conflict { .. } | Self::NoRow | Self::Address(_) | Self::Schema(_) | Self::Statement(_) => false,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NoRow,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(reason) if reason.is_unique_violation() => Self::Conflict {
                constraint: reason.constraint().map(str::to_owned),
            },
            sqlx::Error::Database(reason) => match Meaning::of(reason.code().as_deref()) {
                Meaning::Away => Self::Unavailable(error),
                Meaning::Full => Self::Full(error),
                Meaning::LostRace => Self::Serialization(error),
                Meaning::Other => Self::Statement(error),
            },
            _ => Self::Statement(error),
        }
    }
}

enum Meaning {
    Away,
    Full,
    LostRace,
    Other,
}

impl Meaning {
    /// PostgreSQL's five-character SQLSTATE, or SQLite's extended result code as a number.
    fn of(code: Option<&str>) -> Self {
        let Some(code) = code else { return Self::Other };
        if code.len() == 5 {
            return match (code, code.get(..2)) {
                ("40001" | "40P01" | "55P03", _) => Self::LostRace,
                ("53100", _) => Self::Full,
                // Cancelled by its time limit, and everything about connections, resources and shutdown.
                ("57014" | "25006", _) | (_, Some("08" | "53" | "57" | "58")) => Self::Away,
                _ => Self::Other,
            };
        }
        // The low byte is the primary result code.
        match code.parse::<u32>().map(|code| code & 0xff) {
            Ok(13) => Self::Full,
            // BUSY, LOCKED, IOERR, CANTOPEN, READONLY.
            Ok(5 | 6 | 8 | 10 | 14) => Self::Away,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_databases_are_told_apart() {
        for (code, away, full, race) in [
            ("57P01", true, false, false),
            ("08006", true, false, false),
            ("53300", true, false, false),
            ("53100", false, true, false),
            ("40001", false, false, true),
            ("42601", false, false, false),
            ("13", false, true, false),
            ("5", true, false, false),
            ("517", true, false, false),
            ("1", false, false, false),
        ] {
            let meaning = Meaning::of(Some(code));
            assert_eq!(matches!(meaning, Meaning::Away), away, "{code}");
            assert_eq!(matches!(meaning, Meaning::Full), full, "{code}");
            assert_eq!(matches!(meaning, Meaning::LostRace), race, "{code}");
        }
    }
}
