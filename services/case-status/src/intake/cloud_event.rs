//! A CloudEvent 1.0 in either of the HTTP binding's modes: the whole event in the body (structured), or the data in the
//! body and the rest in `ce-` headers (binary).

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use model::{Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service_host::Refusal;
use utoipa::ToSchema;

/// The only type of event that is taken.
pub(crate) const TYPE: &str = "se.vagvisare.case.changed.v1";

const STRUCTURED: &str = "application/cloudevents+json";

/// The longest text of an attribute, in bytes.
const LONGEST: usize = 256;

/// A CloudEvent about one case (CloudEvents 1.0, JSON format).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "specversion": "1.0", "type": "se.vagvisare.case.changed.v1", "id": "0197a1c2-7c1e-7000-8000-000000000001",
    "source": "urn:vagvisare:source:skattekontoret", "subject": "SK-2026-7401", "time": "2026-01-15T10:00:00Z",
    "sequence": "0000000003", "datacontenttype": "application/json", "data": { "party": "p12ab34cd56ef7890" }
}))]
pub(crate) struct CloudEvent {
    /// Always `1.0`.
    pub(crate) specversion: String,
    /// Always `se.vagvisare.case.changed.v1`.
    #[serde(rename = "type")]
    pub(crate) type_: String,
    /// Unique within the source; the same when the event is sent again.
    pub(crate) id: String,
    /// The source: its last part, after `:` or `/`, is the source's id.
    pub(crate) source: String,
    /// The producer's own reference of the case.
    pub(crate) subject: String,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-01-15T10:00:00Z")]
    pub(crate) time: Option<Timestamp>,
    /// Orders the events of one case: text that sorts later is later. Without it the time does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sequence: Option<String>,
    /// `application/json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) datacontenttype: Option<String>,
    /// Whose case it is.
    pub(crate) data: EventData,
}

/// What a [`CloudEvent`] is about.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "party": "p12ab34cd56ef7890" }))]
pub(crate) struct EventData {
    /// What the producer knows the person by.
    pub(crate) party: String,
    /// The whole case in the form of `GET /cases`, from a producer that is never asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) case: Option<Value>,
}

impl CloudEvent {
    /// Reads an event from a request in either mode.
    ///
    /// # Errors
    /// A 400, 415 or 422 problem that names what is wrong.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let media_type = text(headers, header::CONTENT_TYPE.as_str())?.unwrap_or_default();
        let essence = media_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let event = match essence.as_str() {
            STRUCTURED => json(body)?,
            "application/json" if headers.contains_key("ce-specversion") => Self::binary(headers, body)?,
            _ => {
                let detail = "Send the whole event as application/cloudevents+json, or the data as application/json with \
                              the attributes in ce- headers.";
                return Err(Refusal::of(ProblemKind::UnsupportedMediaType, detail));
            }
        };
        event.check()
    }

    fn binary(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let needed = |name: &str| text(headers, name)?.ok_or_else(|| wrong(name, "is missing"));
        let time = text(headers, "ce-time")?.map(|time| time.parse());
        Ok(Self {
            specversion: needed("ce-specversion")?,
            type_: needed("ce-type")?,
            id: needed("ce-id")?,
            source: needed("ce-source")?,
            subject: needed("ce-subject")?,
            time: time
                .transpose()
                .map_err(|_| wrong("ce-time", "must be a time as in RFC 3339"))?,
            sequence: text(headers, "ce-sequence")?,
            datacontenttype: None,
            data: json(body)?,
        })
    }

    fn check(self) -> Result<Self, Refusal> {
        if self.specversion != "1.0" {
            return Err(wrong("specversion", "must be 1.0"));
        }
        if self.type_ != TYPE {
            return Err(wrong("type", &format!("must be {TYPE}")));
        }
        if self
            .datacontenttype
            .as_deref()
            .is_some_and(|kind| kind != "application/json")
        {
            return Err(wrong("datacontenttype", "must be application/json"));
        }
        let sequence = self.sequence.as_deref().unwrap_or("0");
        for (name, value) in [
            ("id", self.id.as_str()),
            ("source", &self.source),
            ("subject", &self.subject),
            ("sequence", sequence),
            ("data.party", &self.data.party),
        ] {
            if value.is_empty() || value.len() > LONGEST || value.chars().any(char::is_control) {
                return Err(wrong(name, "must be 1 to 256 bytes of text"));
            }
        }
        if self.time.is_none() && self.sequence.is_none() {
            return Err(wrong(
                "sequence",
                "is missing, and so is time: one of them must order the events of a case",
            ));
        }
        Ok(self)
    }

    /// The id of the source.
    pub(crate) fn source_id(&self) -> &str {
        self.source.rsplit([':', '/']).next().unwrap_or_default()
    }

    /// What orders the events of a case, as text.
    pub(crate) fn order(&self) -> String {
        match (&self.sequence, self.time) {
            (Some(sequence), _) => sequence.clone(),
            (None, Some(time)) => format!("{:020}", time.as_microsecond()),
            (None, None) => String::new(),
        }
    }
}

fn json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    service_host::read_json(body)
}

fn wrong(field: &str, message: &str) -> Refusal {
    Problem::of(ProblemKind::InvalidBody)
        .detail(format!("The event's '{field}' {message}."))
        .field(field, message)
        .into()
}

/// A header's text, percent-decoded as the binding says; none when it is not there.
fn text(headers: &HeaderMap, name: &str) -> Result<Option<String>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let unreadable = || wrong(name, "must be there once, as text");
    if values.next().is_some() {
        return Err(unreadable());
    }
    let value = value.to_str().map_err(|_| unreadable())?;
    decoded(value).map(Some).ok_or_else(unreadable)
}

fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
        out.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_in_headers_are_decoded() {
        assert_eq!(decoded("Euro%20%E2%82%AC%20%F0%9F%98%80").as_deref(), Some("Euro € 😀"));
        for wrong in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
    }
}
