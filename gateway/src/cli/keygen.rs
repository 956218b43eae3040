//! `vagvisare keygen`: makes a key pair for an application. The private half stays in a file that only its owner reads; the
//! public half goes into the registry.

use super::say;
use anyhow::{Context, bail};
use clap::ValueEnum;
use identity::client_key::{self, Algorithm};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// Arguments of `keygen`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Stable id of the application (its client_id)
    #[arg(long)]
    application: String,
    /// Where the private key goes; the file must not exist yet
    #[arg(long, value_name = "FILE", default_value = "application-key.pem")]
    out: PathBuf,
    /// How the application will sign
    #[arg(long, value_enum, default_value_t = Kind::Es256)]
    algorithm: Kind,
    /// Where the gateway is, for the printed call
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    gateway: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Es256,
    Eddsa,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let algorithm = match args.algorithm {
        Kind::Es256 => Algorithm::ES256,
        Kind::Eddsa => Algorithm::EdDSA,
    };
    let pair = client_key::generate(algorithm).context("no key could be made")?;
    let mut file = match std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&args.out)
    {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!(
                "{} is there already: a private key is never written over (see --out)",
                args.out.display()
            )
        }
        Err(error) => return Err(error).with_context(|| format!("{} cannot be written", args.out.display())),
    };
    file.write_all(pair.private_pem.expose().as_bytes())?;
    let (out, application, gateway) = (args.out.display(), &args.application, &args.gateway);
    say(&format!(
        "The private key of {application} is in {out}; nobody else may have it.\n\n\
         The public key, for the registry document, under the application:\n\n    jwks = '{{\"keys\":[{}]}}'\n\n\
         Then a token is had with:\n\n    vagvisare token --application {application} --key {out} --gateway {gateway} --resource RESOURCE",
        pair.public_jwk
    ));
    Ok(())
}
