//! `GET /publications`: figures per agency and channel. `GET /contact-reasons`: why people make contact.

use std::sync::Arc;

use axum::extract::State;
use jiff::civil::Date;
use model::{ContactKind, Links, Meta};
use serde::{Deserialize, Serialize};
use service_host::{Caller, Json, Query, Refusal, page};
use utoipa::{IntoParams, ToSchema};

use crate::api::failed;
use crate::batch::Figures;
use crate::statistics::{self, ContactReasons, Span};
use crate::store::Store;

const MOST: u64 = 100;

/// Which agency, and which part of the list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PublicationQuery {
    /// One agency only. Bara en myndighet.
    #[param(example = "skatteverket")]
    pub(crate) organisation_id: Option<String>,
    /// Page, from 1. Sida, från 1.
    #[param(minimum = 1, default = 1)]
    pub(crate) page: Option<u64>,
    /// At most how many on a page. Högst så många på en sida.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: Option<u64>,
}

/// Which publications are added up, and which part of the list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ReasonQuery {
    /// One agency only. Bara en myndighet.
    #[param(example = "skatteverket")]
    pub(crate) organisation_id: Option<String>,
    /// One channel only. Bara en kanal.
    #[param(example = "phone", inline)]
    pub(crate) channel_kind: Option<ContactKind>,
    /// From this day of publication. Från denna publiceringsdag.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-01")]
    pub(crate) from: Option<Date>,
    /// To this day of publication. Till och med denna publiceringsdag.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-26")]
    pub(crate) to: Option<Date>,
    /// Page, from 1. Sida, från 1.
    #[param(minimum = 1, default = 1)]
    pub(crate) page: Option<u64>,
    /// At most how many on a page. Högst så många på en sida.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: Option<u64>,
}

/// Figures of one agency and channel, published on one day.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublicationView {
    /// The agency.
    pub(crate) organisation_id: String,
    /// The channel.
    pub(crate) channel_kind: String,
    /// The day of publication.
    #[schema(format = Date, example = "2026-11-26")]
    pub(crate) published_on: String,
    /// The figures.
    pub(crate) figures: Figures,
}

/// Publications.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublicationList {
    /// The publications of this page.
    pub(crate) publications: Vec<PublicationView>,
    /// This page and those around it.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
    /// Which page of how many.
    #[serde(rename = "_meta")]
    pub(crate) meta: Meta,
}

/// Reasons for contact.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContactReasonList {
    /// Agencies and channels, in the order of their names.
    pub(crate) contact_reasons: Vec<ContactReasons>,
    /// This page and those around it.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
    /// Which page of how many.
    #[serde(rename = "_meta")]
    pub(crate) meta: Meta,
}

/// A query's parameter for the links to other pages; what cannot be an id is in no publication and in no link.
fn own(name: &str, value: Option<&str>) -> Option<String> {
    let value = value?;
    let safe = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    safe.then(|| format!("{name}={value}"))
}

pub(crate) fn word(channel: ContactKind) -> String {
    let word = serde_json::to_value(channel).ok();
    word.and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// List publications
///
/// Siffror per myndighet och kanal, nyast först; aldrig om färre än 100 svar.
/// Figures per agency and channel, newest first; never of fewer than 100 answers.
#[utoipa::path(
    get, path = "/publications", operation_id = "listPublications", tag = "publications", security(()),
    params(PublicationQuery),
    responses((status = 200, description = "Siffrorna. The figures.", body = PublicationList, examples(
        ("publications" = (summary = "En kanal. A channel.", value = json!({
            "publications": [{"organisationId": "skatteverket", "channelKind": "phone", "publishedOn": "2026-11-26", "figures": {
                "answers": 132, "effortMean": 2.8, "effortPerCent": [31, 24, 15, 12, 8, 6, 4], "treatmentMean": 4.3,
                "gotAnswerPerCent": 81, "reasonAnswers": 120, "reasons": [{"reason": "wantedStatus", "perCent": 44}],
                "responseRatePerCent": 23, "steps": []}}],
            "_links": [{"href": "https://api.vagvisare.example/insights/v1/publications?page=1&limit=20", "rel": "self", "method": "GET"}],
            "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
        }))))))
)]
pub(crate) async fn list_publications(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Query(query): Query<PublicationQuery>,
) -> Result<Json<PublicationList>, Refusal> {
    let page = page(query.page, query.limit, MOST)?;
    let all = store
        .publications(query.organisation_id.as_deref())
        .await
        .map_err(failed)?;
    let (found, meta) = page.cut(all);
    let publications = found.into_iter().map(|one| PublicationView {
        organisation_id: one.organisation,
        channel_kind: one.channel,
        published_on: one.day,
        figures: one.figures,
    });
    let others = own("organisationId", query.organisation_id.as_deref());
    Ok(Json(PublicationList {
        publications: publications.collect(),
        links: page.links(
            &format!("{}/publications", caller.base_url),
            &others.unwrap_or_default(),
            meta.total_records,
        ),
        meta,
    }))
}

/// List reasons for contact
///
/// Varför människor hör av sig, per myndighet, kanal och steg: publiceringar räknade samman.
/// Why people make contact, per agency, channel and step: publications added up.
#[utoipa::path(
    get, path = "/contact-reasons", operation_id = "listContactReasons", tag = "publications", security(()),
    params(ReasonQuery),
    responses((status = 200, description = "Skälen. The reasons.", body = ContactReasonList, examples(
        ("reasons" = (summary = "En kanal. A channel.", value = json!({
            "contactReasons": [{"organisationId": "skatteverket", "channelKind": "phone", "firstOn": "2026-11-02",
                "lastOn": "2026-11-26", "answers": 1240, "reasons": [{"reason": "wantedStatus", "perCent": 44}],
                "steps": [{"step": "wait", "answers": 610, "reasons": [{"reason": "wantedStatus", "perCent": 71}]}]}],
            "_links": [{"href": "https://api.vagvisare.example/insights/v1/contact-reasons?page=1&limit=20", "rel": "self", "method": "GET"}],
            "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
        }))))))
)]
pub(crate) async fn list_contact_reasons(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Query(query): Query<ReasonQuery>,
) -> Result<Json<ContactReasonList>, Refusal> {
    let page = page(query.page, query.limit, MOST)?;
    let publications = store
        .publications(query.organisation_id.as_deref())
        .await
        .map_err(failed)?;
    let (channel, from, to) = (
        query.channel_kind.map(word),
        query.from.map(|day| day.to_string()),
        query.to.map(|day| day.to_string()),
    );
    let span = Span {
        channel: channel.as_deref(),
        from: from.as_deref(),
        to: to.as_deref(),
    };
    let (contact_reasons, meta) = page.cut(statistics::contact_reasons(&publications, &span));
    let others: Vec<String> = [
        own("organisationId", query.organisation_id.as_deref()),
        own("channelKind", channel.as_deref()),
        own("from", from.as_deref()),
        own("to", to.as_deref()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let url = format!("{}/contact-reasons", caller.base_url);
    Ok(Json(ContactReasonList {
        contact_reasons,
        links: page.links(&url, &others.join("&"), meta.total_records),
        meta,
    }))
}
