//! A mesh's certificates: one CA, and leaves with SPIFFE IDs as Istio issues them.
//!
//! They are generated for each run. Identities are text and are not checked, because tests want to
//! present malformed ones.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, SanType,
};
use tempfile::TempDir;

use dagward_workbench::paths;

/// A certificate authority for the workloads of one trust domain.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

/// A leaf certificate with its key, in memory and as PEM files. The files are removed with their
/// [`Authority`].
#[derive(Debug, Clone)]
pub struct Identity {
    /// The URI names in the certificate.
    pub uris: Vec<String>,
    /// Certificate, PEM.
    pub certificate: String,
    /// Private key, PEM.
    pub key: String,
    /// The authority's certificate, PEM.
    pub root: String,
    /// The path of `certificate`.
    pub certificate_file: PathBuf,
    /// The path of `key`.
    pub key_file: PathBuf,
    /// The path of `root`.
    pub root_file: PathBuf,
}

impl Authority {
    /// A new authority with a key of its own.
    pub fn new() -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::OrganizationName, "cluster.local");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let directory = paths::scratch("certs")?;
        fs::write(directory.path().join("root.pem"), issuer.pem())?;
        fs::write(
            directory.path().join("root-key.pem"),
            issuer.key().serialize_pem(),
        )?;
        Ok(Self { issuer, directory })
    }

    /// The certificate of a service account: `spiffe://cluster.local/ns/<namespace>/sa/<account>`.
    pub fn service_account(&self, namespace: &str, account: &str) -> Result<Identity> {
        self.uri(&format!("spiffe://cluster.local/ns/{namespace}/sa/{account}"))
    }

    /// A certificate with any text as its only URI name.
    pub fn uri(&self, uri: &str) -> Result<Identity> {
        self.uris(&[uri])
    }

    /// A certificate with these URI names (none, one or several) and an empty subject, like
    /// Istio's.
    pub fn uris(&self, uris: &[&str]) -> Result<Identity> {
        let names = uris.iter().map(|uri| Ok(SanType::URI(ascii(uri)?)));
        self.issue(uris, DistinguishedName::new(), names.collect::<Result<_>>()?)
    }

    /// A server's certificate, for these names and addresses.
    pub fn server(&self, names: &[&str], addresses: &[IpAddr]) -> Result<Identity> {
        let names = names.iter().map(|name| Ok(SanType::DnsName(ascii(name)?)));
        let addresses = addresses.iter().map(|&address| Ok(SanType::IpAddress(address)));
        let all = names.chain(addresses).collect::<Result<_>>()?;
        self.issue(&[], DistinguishedName::new(), all)
    }

    /// The certificate of a Kubernetes user, who belongs to one group.
    pub fn user(&self, name: &str, group: &str) -> Result<Identity> {
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, name);
        subject.push(DnType::OrganizationName, group);
        self.issue(&[], subject, Vec::new())
    }

    fn issue(&self, uris: &[&str], subject: DistinguishedName, names: Vec<SanType>) -> Result<Identity> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = subject;
        params.subject_alt_names = names;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
        ];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        self.write(uris, certificate, key.serialize_pem())
    }

    /// The folder of the authority's files.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn write(&self, uris: &[&str], certificate: String, key: String) -> Result<Identity> {
        let directory = tempfile::Builder::new()
            .prefix("leaf-")
            .tempdir_in(self.directory())?
            .keep();
        let identity = Identity {
            uris: uris.iter().map(|&uri| uri.to_owned()).collect(),
            certificate,
            key,
            root: self.issuer.pem(),
            certificate_file: directory.join("cert.pem"),
            key_file: directory.join("key.pem"),
            root_file: self.directory().join("root.pem"),
        };
        fs::write(&identity.certificate_file, &identity.certificate)?;
        fs::write(&identity.key_file, &identity.key)?;
        Ok(identity)
    }
}

fn ascii(text: &str) -> Result<Ia5String> {
    Ia5String::try_from(text).with_context(|| format!("`{text}` is not ASCII"))
}
