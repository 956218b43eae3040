//! TLS towards callers: TLS 1.2 and 1.3 by rustls on aws-lc-rs, ALPN `h2` and `http/1.1`, and a certificate that can be
//! exchanged while serving.

use ::aws_lc_rs::digest;
use arc_swap::ArcSwap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
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
    /// Whether callers are asked for a certificate of their own; they may have none.
    pub client_certificates: bool,
}

/// SHA-256 of a caller's certificate: who it is that shows it is for others to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate([u8; 32]);

impl Certificate {
    /// The thumbprint of a certificate in DER.
    pub fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, der).as_ref());
        Self(bytes)
    }

    /// As it stands in a token (RFC 8705 section 3.1): base64url without padding.
    pub fn encoded(&self) -> [u8; 43] {
        const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = [b'A'; 43];
        let bit = |at: usize| self.0.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
        for (place, sign) in text.iter_mut().enumerate() {
            let value = (0..6).fold(0, |value, offset| value << 1 | usize::from(bit(place * 6 + offset)));
            *sign = SIGNS.get(value).copied().unwrap_or(b'A');
        }
        text
    }
}

/// Takes any certificate that its holder has the key of: tokens and clients are pinned to thumbprints, not to authorities.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
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
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?;
        let builder = match paths.client_certificates {
            true => builder.with_client_cert_verifier(Arc::new(AnyCertificate(provider))),
            false => builder.with_no_client_auth(),
        };
        let mut server = builder.with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
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
