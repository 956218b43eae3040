//! A server's certificate for a run, made anew for it, and what makes the generator trust that one only.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};

use crate::generator::{Protocol, SERVER_NAME};

/// Requests under way at once on one HTTP/2 connection.
const STREAMS: usize = 8;

/// A certificate with its key, as files, and the caller's side of it.
pub(crate) struct Certificate {
    /// The certificate, PEM.
    pub(crate) certificate: PathBuf,
    /// Its key, PEM.
    pub(crate) key: PathBuf,
    /// Both in one file, as HAProxy wants them.
    pub(crate) both: PathBuf,
    client: Arc<ClientConfig>,
}

impl Certificate {
    /// Makes one (P-256) in `folder`.
    pub(crate) fn make(folder: &Path) -> Result<Self> {
        let names = [SERVER_NAME.to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).context("cannot make a certificate")?;
        let place = |name: &str| folder.join(name);
        let (certificate, key, both) = (place("server.pem"), place("server-key.pem"), place("server-both.pem"));
        let key_text = made.signing_key.serialize_pem();
        std::fs::write(&certificate, made.cert.pem())?;
        std::fs::write(&key, &key_text)?;
        std::fs::write(&both, made.cert.pem() + &key_text)?;
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone())?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .context("TLS 1.3 is not there")?
            .with_root_certificates(roots)
            .with_no_client_auth();
        client.alpn_protocols = vec![b"h2".to_vec()];
        // All servers have one name here: a session of one must not be offered to another.
        client.resumption = Resumption::disabled();
        Ok(Self {
            certificate,
            key,
            both,
            client: Arc::new(client),
        })
    }

    /// What callers speak to a server with this certificate.
    pub(crate) fn protocol(&self) -> Protocol {
        Protocol::Http2 {
            tls: Arc::clone(&self.client),
            streams: STREAMS,
        }
    }
}
