//! TLS towards callers: TLS 1.2 and 1.3 by rustls on aws-lc-rs, ALPN `h2` and `http/1.1`, and a certificate that can be
//! exchanged while serving.

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, io};

/// Where the certificate chain and its key lie, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Why a certificate cannot be used. No variant holds key material.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// The file holds no PEM certificate, or a broken one.
    #[error("{} holds no usable PEM certificate", .0.display())]
    NoCertificate(PathBuf),
    /// The file holds no PEM private key, or a broken one.
    #[error("{} holds no usable PEM private key", .0.display())]
    NoKey(PathBuf),
    /// The two do not belong together, or are of a kind that is not supported.
    #[error("the certificate and its key cannot be used together")]
    Mismatch(#[source] rustls::Error),
    /// rustls refuses the settings.
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

/// What [`Tls::reload`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reloaded {
    /// The files hold what is in force already.
    Unchanged,
    /// New connections get the new certificate.
    Changed,
}

/// The certificate in force, and the rustls configuration that asks for it at each handshake.
#[derive(Debug)]
pub struct Tls {
    paths: TlsConfig,
    server: Arc<ServerConfig>,
    current: Arc<Current>,
    /// Bytes of the two files as last looked at, good or bad: a bad pair is reported once, not every few seconds.
    seen: Mutex<Files>,
}

#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Files(..)")
    }
}

impl Tls {
    /// Reads and checks the pair. Blocks on the file system.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn load(paths: &TlsConfig) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let files = read(paths)?;
        let current = Arc::new(Current(ArcSwap::from_pointee(certified(paths, &files, &provider)?)));
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Stateless resumption works across workers without a shared session table.
        server.ticketer = aws_lc_rs::Ticketer::new().map_err(TlsError::Setup)?;
        Ok(Self {
            paths: paths.clone(),
            server: Arc::new(server),
            current,
            seen: Mutex::new(files),
        })
    }

    /// Reads the files again. A pair that cannot be used changes nothing. Blocks on the file system.
    ///
    /// # Errors
    /// See [`TlsError`]; the certificate in force stays.
    pub fn reload(&self) -> Result<Reloaded, TlsError> {
        let files = read(&self.paths)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == files {
            return Ok(Reloaded::Unchanged);
        }
        let certified = certified(&self.paths, &files, self.server.crypto_provider());
        *seen = files;
        self.current.0.store(Arc::new(certified?));
        Ok(Reloaded::Changed)
    }

    /// Looks at the files every `interval`, for ever; run it on the control runtime. Contents are compared, not times: a
    /// file that is replaced within the clock's grain, or moved in with an old date, is seen too.
    pub async fn watch(self: Arc<Self>, interval: Duration) {
        loop {
            tokio::time::sleep(interval).await;
            let tls = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || tls.reload()).await {
                Ok(Ok(Reloaded::Unchanged)) => {}
                Ok(Ok(Reloaded::Changed)) => {
                    tracing::info!(certificate = %self.paths.certificate.display(), "certificate reloaded");
                }
                Ok(Err(error)) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::error!(%error, cause, "new certificate not used, the old one stays");
                }
                Err(error) => tracing::error!(%error, "looking at the certificate failed"),
            }
        }
    }

    pub(super) fn server(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }
}

fn read(paths: &TlsConfig) -> Result<Files, TlsError> {
    let bytes = |path: &Path| fs::read(path).map_err(|error| TlsError::Unreadable(path.to_owned(), error));
    Ok(Files {
        certificate: bytes(&paths.certificate)?,
        key: bytes(&paths.key)?,
    })
}

fn certified(paths: &TlsConfig, files: &Files, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let chain = CertificateDer::pem_slice_iter(&files.certificate)
        .collect::<Result<Vec<_>, _>>()
        .ok()
        .filter(|chain| !chain.is_empty())
        .ok_or_else(|| TlsError::NoCertificate(paths.certificate.clone()))?;
    let key = PrivateKeyDer::from_pem_slice(&files.key).map_err(|_| TlsError::NoKey(paths.key.clone()))?;
    CertifiedKey::from_der(chain, key, provider).map_err(TlsError::Mismatch)
}
