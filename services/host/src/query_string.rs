//! Reading a query string into a struct so that a refusal names the parameter and never repeats its value.
//!
//! serde tells the names of the struct's fields before it reads any; that is what makes an unknown
//! parameter, and a list of those that exist, possible without writing them down twice.

use std::borrow::Cow;
use std::fmt;

use model::{Problem, ProblemKind};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::Refusal;
use crate::shown_path::shown_name;

/// Reads a query string. Percent-encoding and `+` are decoded (FNS.02).
pub(crate) fn read<T: DeserializeOwned>(query: &str) -> Result<T, Refusal> {
    let pairs = form_urlencoded::parse(query.as_bytes()).collect();
    T::deserialize(Pairs(pairs)).map_err(
        |Wrong {
             kind,
             parameter,
             message,
         }| {
            let problem = Problem::of(kind).detail(format!("The query parameter '{parameter}' {message}."));
            problem.field(parameter, message).into()
        },
    )
}

/// Why a query was refused.
#[derive(Debug)]
struct Wrong {
    kind: ProblemKind,
    parameter: String,
    message: String,
}

impl Wrong {
    fn new(kind: ProblemKind, parameter: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            parameter: shown_name(parameter).unwrap_or("(unnamed)").to_owned(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.parameter, self.message)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<M: fmt::Display>(message: M) -> Self {
        let text = message.to_string();
        let message = match text.rsplit_once(", expected ") {
            Some((_, expected)) => format!("must be {expected}"),
            None if text.starts_with("missing field") => "is needed".to_owned(),
            None => "has a value that is not allowed".to_owned(),
        };
        Self {
            kind: ProblemKind::InvalidParameter,
            parameter: String::new(),
            message,
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(ProblemKind::InvalidParameter, field, "is needed")
    }
}

struct Pairs<'q>(Vec<(Cow<'q, str>, Cow<'q, str>)>);

impl<'de> Deserializer<'de> for Pairs<'_> {
    type Error = Wrong;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        for (at, (name, _)) in self.0.iter().enumerate() {
            if !fields.contains(&name.as_ref()) {
                let known = format!("does not exist; those that do are: {}", fields.join(", "));
                return Err(Wrong::new(ProblemKind::UnknownParameter, name, known));
            }
            if self.0.iter().take(at).any(|(earlier, _)| earlier == name) {
                return Err(Wrong::new(
                    ProblemKind::InvalidParameter,
                    name,
                    "is given more than once",
                ));
            }
        }
        visitor.visit_map(Access {
            pairs: self.0.into_iter(),
            value: None,
        })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        MapAccessDeserializer::new(Access {
            pairs: self.0.into_iter(),
            value: None,
        })
        .deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Access<'q> {
    pairs: std::vec::IntoIter<(Cow<'q, str>, Cow<'q, str>)>,
    value: Option<(Cow<'q, str>, Cow<'q, str>)>,
}

impl<'de> MapAccess<'de> for Access<'_> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        self.value = self.pairs.next();
        match &self.value {
            None => Ok(None),
            Some((name, _)) => seed.deserialize(name.as_ref().into_deserializer()).map(Some),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let (name, value) = self.value.take().unwrap_or_default();
        seed.deserialize(Text(&value))
            .map_err(|wrong| Wrong::new(wrong.kind, &name, wrong.message))
    }
}

/// One value, read as whatever the field is.
struct Text<'v>(&'v str);

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $type:ty,)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            let range = || format!("must be a whole number from {} to {}", <$type>::MIN, <$type>::MAX);
            match self.0.parse::<$type>() {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(Wrong::new(ProblemKind::InvalidParameter, "", range())),
            }
        }
    )+};
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = Wrong;

    whole_numbers! {
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64, deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64,
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0 {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Wrong::new(ProblemKind::InvalidParameter, "", "must be true or false")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        if !variants.contains(&self.0) {
            let message = format!("must be one of: {}", variants.join(", "));
            return Err(Wrong::new(ProblemKind::InvalidParameter, "", message));
        }
        visitor.visit_enum(self.0.into_deserializer())
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_str(self.0)
    }

    forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Wanted {
        page: Option<u64>,
        requires_action: Option<bool>,
        organisation: Option<String>,
        sort: Option<Sort>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Sort {
        LastChanged,
        Title,
    }

    #[test]
    fn what_fits_is_read_and_decoded() {
        let wanted: Wanted =
            read("page=2&requiresAction=true&organisation=G%C3%A4vle+kommun&sort=lastChanged").unwrap();
        let expected = Wanted {
            page: Some(2),
            requires_action: Some(true),
            organisation: Some("Gävle kommun".to_owned()),
            sort: Some(Sort::LastChanged),
        };
        assert_eq!(wanted, expected);
        assert_eq!(read::<Wanted>("").unwrap(), Wanted::default());
        assert_eq!(read::<Wanted>("sort=title").unwrap().sort, Some(Sort::Title));
    }

    #[test]
    fn a_refusal_names_the_parameter_and_never_the_value() {
        let cases = [
            (
                "page=SECRET",
                "invalid-parameter",
                "page",
                "must be a whole number from 0 to 18446744073709551615",
            ),
            (
                "page=-1",
                "invalid-parameter",
                "page",
                "must be a whole number from 0 to 18446744073709551615",
            ),
            (
                "requiresAction=SECRET",
                "invalid-parameter",
                "requiresAction",
                "must be true or false",
            ),
            (
                "sort=SECRET",
                "invalid-parameter",
                "sort",
                "must be one of: lastChanged, title",
            ),
            ("page=1&page=2", "invalid-parameter", "page", "is given more than once"),
            (
                "pge=SECRET",
                "unknown-parameter",
                "pge",
                "does not exist; those that do are: page, requiresAction, organisation, sort",
            ),
        ];
        for (query, code, field, message) in cases {
            let Refusal(problem) = read::<Wanted>(query).unwrap_err();
            assert_eq!(problem.status, 400);
            assert_eq!(problem.code, code, "{query}");
            assert_eq!(
                (problem.errors[0].field.as_str(), problem.errors[0].message.as_str()),
                (field, message)
            );
            assert!(!serde_json::to_string(&problem).unwrap().contains("SECRET"));
        }
    }

    #[test]
    fn a_number_given_as_a_name_is_not_repeated() {
        let Refusal(problem) = read::<Wanted>("189001019802=1").unwrap_err();
        assert!(!serde_json::to_string(&problem).unwrap().contains("1890"));
    }
}
