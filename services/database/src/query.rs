//! Statements with their values.

use std::borrow::Cow;

/// One value of a statement. What is absent keeps its type: PostgreSQL asks for it.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "named by the columns they go into")]
pub enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Real(Option<f64>),
    Blob(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($given:ty => $variant:ident, $convert:expr;)*) => {$(
        impl From<$given> for Value {
            fn from(given: $given) -> Self {
                Self::$variant(Some($convert(given)))
            }
        }
        impl From<Option<$given>> for Value {
            fn from(given: Option<$given>) -> Self {
                Self::$variant(given.map($convert))
            }
        }
    )*};
}

value_from! {
    String => Text, std::convert::identity;
    &str => Text, str::to_owned;
    &String => Text, String::clone;
    i64 => Integer, std::convert::identity;
    i32 => Integer, i64::from;
    u32 => Integer, i64::from;
    bool => Integer, i64::from;
    f64 => Real, std::convert::identity;
    Vec<u8> => Blob, std::convert::identity;
    &[u8] => Blob, <[u8]>::to_vec;
}

/// A statement and the values for its placeholders.
#[derive(Debug, Clone)]
pub struct Query {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
}

/// Begins a statement; placeholders are `?`. Never put a value into the text: bind it.
pub fn query(sql: impl Into<Cow<'static, str>>) -> Query {
    Query {
        sql: sql.into(),
        values: Vec::new(),
    }
}

impl Query {
    /// Gives the next placeholder its value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Gives the next placeholders their values, for `IN (?, ?, ?)` and conditions put together at run time.
    #[must_use]
    pub fn bind_all(mut self, values: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        self.values.extend(values.into_iter().map(Into::into));
        self
    }
}

/// `?` outside of quotes becomes `$1`, `$2`, ...
pub(crate) fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 16);
    let mut quoted = None;
    let mut number = 0_usize;
    for character in sql.chars() {
        match quoted {
            Some(quote) if quote == character => quoted = None,
            None if matches!(character, '\'' | '"') => quoted = Some(character),
            None if character == '?' => {
                number += 1;
                out.push('$');
                out.push_str(&number.to_string());
                continue;
            }
            _ => {}
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_outside_of_quotes_only() {
        for (given, wanted) in [
            ("SELECT 1", "SELECT 1"),
            ("a = ? AND b = ?", "a = $1 AND b = $2"),
            ("a = 'why?' AND b = ?", "a = 'why?' AND b = $1"),
            ("a = 'it''s ?' AND \"odd?\" = ?", "a = 'it''s ?' AND \"odd?\" = $1"),
        ] {
            assert_eq!(numbered(given), wanted);
        }
    }

    #[test]
    fn what_is_absent_keeps_its_type() {
        let query = query("").bind(None::<&str>).bind(None::<i64>).bind(true);
        assert_eq!(
            query.values,
            [Value::Text(None), Value::Integer(None), Value::Integer(Some(1))]
        );
    }
}
