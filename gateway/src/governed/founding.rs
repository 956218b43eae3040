//! A registry's beginning: its first organisation and its first member. There is nobody yet who could call its API.

use super::PepperSecrets;
use anyhow::bail;
use identity::api_key::Pepper;
use registry::api::Secrets;
use registry::model::{Credential, CredentialHolder, CredentialKind, Member, Organisation, OrganisationKind, Role};
use registry::rules;
use registry::store::{Actor, NewObject, Store};
use uuid::Uuid;

/// Who runs the gateway.
#[derive(Debug)]
pub struct Founder<'a> {
    /// Id of the organisation.
    pub organisation: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Make another operator where there is one.
    pub again: bool,
}

/// Founds it; gives the key of its first member, an operator.
///
/// # Errors
/// The store's; there is an operator already; an id or a name that the registry would refuse.
pub async fn found(store: &Store, founder: &Founder<'_>, pepper: Pepper) -> anyhow::Result<String> {
    let actor = Actor {
        member: "init".to_owned(),
        organisation: founder.organisation.to_owned(),
    };
    let mut change = store.change(actor).await?;
    let organisation = change.get::<Organisation>(founder.organisation).await?;
    let members = change.of_organisation::<Member>(founder.organisation).await?;
    let operates = members
        .iter()
        .any(|member| member.object.roles.contains(&Role::Operator));
    if operates && !founder.again {
        bail!("the registry has an operator; --again makes another one");
    }
    if organisation.is_none() {
        let new = Organisation {
            organisation_id: founder.organisation.to_owned(),
            name: founder.name.to_owned(),
            name_en: None,
            kind: OrganisationKind::StateAgency,
            organisation_number: None,
            municipality_code: None,
            county_code: None,
            parent_id: None,
            website: None,
            valid_from: None,
            valid_to: None,
            successor_ids: Vec::new(),
            relation_terms: None,
        };
        if let Some(breach) = rules::check_organisation(&new).first() {
            bail!("--organisation or --name: {}", breach.message);
        }
        change.add(new).await?;
    }
    let member = Member {
        member_id: Uuid::now_v7().to_string(),
        organisation_id: founder.organisation.to_owned(),
        name: "operator".to_owned(),
        roles: vec![Role::Operator],
        suspended: false,
    };
    let secret = PepperSecrets::new(pepper).api_key("prod").map_err(anyhow::Error::msg)?;
    let credential = Credential {
        credential_id: secret.id,
        organisation_id: founder.organisation.to_owned(),
        holder: CredentialHolder::Member,
        holder_id: member.member_id.clone(),
        name: "init".to_owned(),
        kind: CredentialKind::ApiKey,
        hash: Some(secret.hash),
        jwks: None,
        jwks_url: None,
        certificate_sha256: None,
        expires_at: None,
        revoked_at: None,
    };
    let made = (change.add(member).await?, change.add(credential).await?);
    if !matches!(made, (NewObject::Made(_), NewObject::Made(_))) {
        bail!("the ids that were made are taken; run it again");
    }
    change.commit().await?;
    Ok(secret.text)
}
