//! TLS towards backends: whom to trust. Loaded once, kept for the process.

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Why the roots to trust cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// The backend's file of roots cannot be read.
    #[error("cannot read {}", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The file holds no certificate, or a broken one; or the system has no roots.
    #[error("no usable root certificate in {0}")]
    Empty(String),
    /// rustls refuses the settings.
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

/// Configurations by file of roots (`None`: the system's), with the file's date: a new file is a new configuration.
type Loaded = HashMap<Option<Arc<str>>, (Option<SystemTime>, Arc<ClientConfig>)>;

static LOADED: Mutex<Option<Loaded>> = Mutex::new(None);

/// The configuration for a backend that trusts `ca_file`, or the system's roots.
pub(super) async fn client(ca_file: Option<&Arc<str>>) -> Result<Arc<ClientConfig>, RootsError> {
    let key = ca_file.cloned();
    tokio::task::spawn_blocking(move || load(key))
        .await
        .map_err(|error| RootsError::Empty(format!("a look-up that broke off ({error})")))?
}

fn load(key: Option<Arc<str>>) -> Result<Arc<ClientConfig>, RootsError> {
    let changed = key
        .as_deref()
        .and_then(|file| std::fs::metadata(file).ok()?.modified().ok());
    // Held while loading, so that a burst of first connections reads the roots once; this is a blocking thread.
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    let loaded = loaded.get_or_insert_default();
    if let Some((date, config)) = loaded.get(&key)
        && *date == changed
    {
        return Ok(Arc::clone(config));
    }
    let config = Arc::new(configure(key.as_deref())?);
    loaded.insert(key, (changed, Arc::clone(&config)));
    Ok(config)
}

fn configure(file: Option<&str>) -> Result<ClientConfig, RootsError> {
    let certificates = match file {
        Some(file) => {
            let pem = std::fs::read(file).map_err(|error| RootsError::Unreadable(file.into(), error))?;
            CertificateDer::pem_slice_iter(&pem)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|_| RootsError::Empty(file.to_owned()))?
        }
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates);
    if added == 0 {
        return Err(RootsError::Empty(file.unwrap_or("the system's store").to_owned()));
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(RootsError::Setup)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
