//! Builds a JSON value from any deserializer, refusing duplicate keys and counting what it builds.
//!
//! The count is the last line of defence: whatever a parser lets aliases expand to, the value in memory stays bounded.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// What may still be built.
pub(super) struct Budget {
    nodes: Cell<usize>,
    text_bytes: Cell<usize>,
    place_bytes: Cell<usize>,
}

impl Budget {
    pub(super) fn new(nodes: usize, text_bytes: usize, place_bytes: usize) -> Self {
        Self {
            nodes: Cell::new(nodes),
            text_bytes: Cell::new(text_bytes),
            place_bytes: Cell::new(place_bytes),
        }
    }

    fn spend_place<E: Error>(&self, bytes: usize) -> Result<(), E> {
        let left = self.place_bytes.get().checked_sub(bytes);
        let left =
            left.ok_or_else(|| E::custom("the names of the document's members are too long for their number"))?;
        self.place_bytes.set(left);
        Ok(())
    }

    fn spend<E: Error>(&self, text_bytes: usize) -> Result<(), E> {
        let nodes = self.nodes.get().checked_sub(1);
        let text = self.text_bytes.get().checked_sub(text_bytes);
        let (Some(nodes), Some(text)) = (nodes, text) else {
            return Err(E::custom("the document is too large once its aliases are expanded"));
        };
        self.nodes.set(nodes);
        self.text_bytes.set(text);
        Ok(())
    }
}

/// Deserializes one value at a known depth.
#[derive(Clone, Copy)]
pub(super) struct ValueSeed<'b> {
    budget: &'b Budget,
    depth_left: usize,
    /// Length of the JSON pointer to this value, as far as its names go.
    place_bytes: usize,
}

impl<'b> ValueSeed<'b> {
    pub(super) fn new(budget: &'b Budget, depth_left: usize) -> Self {
        Self {
            budget,
            depth_left,
            place_bytes: 0,
        }
    }

    /// The seed of a member or item whose name is this long.
    fn named<E: Error>(self, bytes: usize) -> Result<Self, E> {
        let place_bytes = self.place_bytes.saturating_add(bytes + 1);
        self.budget.spend_place(place_bytes)?;
        Ok(Self { place_bytes, ..self })
    }

    fn inside<E: Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, ..self }),
            None => Err(E::custom(format_args!(
                "nested deeper than {} levels",
                super::MAX_DEPTH
            ))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.budget.spend(0).map(|()| Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.budget.spend(0).map(|()| Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.budget.spend(0).map(|()| value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.budget.spend(0).map(|()| value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.budget.spend(0)?;
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("JSON has no such number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.budget.spend(value.len()).map(|()| Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        self.budget.spend(value.len()).map(|()| Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        self.budget.spend(0)?;
        let inside = self.inside()?;
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(inside.named(3)?)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.budget.spend(0)?;
        let inside = self.inside()?;
        let mut members = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.budget.spend(key.len())?;
            if members.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} is there twice")));
            }
            let value = entries.next_value_seed(inside.named(key.len())?)?;
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }
}
