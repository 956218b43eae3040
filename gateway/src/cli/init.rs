//! `vagvisare init`: a registry's database with its first organisation and its first member, whose key is shown once.

use super::{control_runtime, registry_store, say};
use crate::governed::PepperSecrets;
use anyhow::{Context, bail};
use document::{Problems, Source};
use identity::api_key::Pepper;
use registry::api::Secrets;
use registry::model::{Credential, CredentialHolder, CredentialKind, Member, Organisation, OrganisationKind, Role};
use registry::rules;
use registry::store::{Actor, NewObject};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Configuration of a node (TOML), with registry.database and identity.pepper_file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Id of the organisation that runs the gateway
    #[arg(long, default_value = "operator", value_name = "ID")]
    organisation: String,
    /// Its name
    #[arg(long, default_value = "Operator", value_name = "NAME")]
    name: String,
    /// Make another operator in a registry that has one, for when every key is lost
    #[arg(long)]
    again: bool,
}

/// Runs the command.
pub(super) fn run(args: Args) -> anyhow::Result<()> {
    // Before the configuration is checked, which asks for a pepper that is there: a new registry has none yet.
    let pepper = Pepper::load_or_create(&pepper_file(&args.config)?)?;
    let (_, store) = registry_store(&args.config)?;
    let key = control_runtime()?.block_on(begin(&store, &args, pepper))?;
    say(&format!(
        "The operator's key; it is not shown again:\n\n    {key}\n\n\
         Start a node with vagvisare serve --config {}, and register the first agency: README.md, section Agency.",
        args.config.display()
    ));
    Ok(())
}

fn pepper_file(config: &Path) -> anyhow::Result<PathBuf> {
    let source = Source::load(config).map_err(|error| anyhow::anyhow!("{}", Problems::from(error).render()))?;
    let unread = Problems::new();
    source
        .table(&unread)
        .table("identity")
        .optional_path("pepper_file")
        .context("identity.pepper_file is missing; keys are hashed with it")
}

async fn begin(store: &registry::store::Store, args: &Args, pepper: Pepper) -> anyhow::Result<String> {
    let actor = Actor {
        member: "init".to_owned(),
        organisation: args.organisation.clone(),
    };
    let mut change = store.change(actor).await?;
    let organisation = change.get::<Organisation>(&args.organisation).await?;
    let members = change.of_organisation::<Member>(&args.organisation).await?;
    let operates = members
        .iter()
        .any(|member| member.object.roles.contains(&Role::Operator));
    if operates && !args.again {
        bail!("the registry has an operator; --again makes another one");
    }
    if organisation.is_none() {
        let new = Organisation {
            organisation_id: args.organisation.clone(),
            name: args.name.clone(),
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
        organisation_id: args.organisation.clone(),
        name: "operator".to_owned(),
        roles: vec![Role::Operator],
        suspended: false,
    };
    let secret = PepperSecrets::new(pepper).api_key("prod").map_err(anyhow::Error::msg)?;
    let credential = Credential {
        credential_id: secret.id,
        organisation_id: args.organisation.clone(),
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
