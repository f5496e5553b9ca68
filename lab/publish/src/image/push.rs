//! Pushes to a registry, with the credentials that `docker login` has stored.

use anyhow::{Context, Result, bail};
use docker_credential::{CredentialRetrievalError, DockerCredential};
use http::HeaderValue;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, RegistryOperation};
use tokio::runtime::Builder;

use super::{Form, Image};

/// The protocol of a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// With TLS.
    Https,
    /// In plaintext, for a private registry.
    Http,
}

/// The references of the two forms in the registry. A `WasmPlugin` writes `oci://` in front.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// `REGISTRY/NAME:TAG` of the image.
    pub image: String,
    /// `REGISTRY/NAME:TAG` of the artifact.
    pub artifact: String,
}

pub(super) fn push(image: &Image, reference: &str, scheme: Scheme) -> Result<Pushed> {
    let reference = with_tag(reference, &image.version)?;
    // The client would panic without a default provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::try_from(ClientConfig {
        protocol: match scheme {
            Scheme::Https => ClientProtocol::Https,
            Scheme::Http => ClientProtocol::Http,
        },
        ..ClientConfig::default()
    })?;
    let credentials = credentials(&reference)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        client
            .auth(&reference, &credentials, RegistryOperation::Push)
            .await?;
        Ok(Pushed {
            image: push_form(&client, &reference, &image.image).await?,
            artifact: push_form(&client, &reference, &image.artifact).await?,
        })
    })
}

async fn push_form(client: &Client, reference: &Reference, form: &Form) -> Result<String> {
    let tag = form.tag(reference.tag().unwrap_or_default());
    let reference = Reference::with_tag(
        reference.registry().to_owned(),
        reference.repository().to_owned(),
        tag,
    );
    for blob in form.layers.iter().chain([&form.config]) {
        if !client.blob_exists(&reference, blob.digest()).await? {
            client
                .push_blob(&reference, blob.bytes().clone(), blob.digest())
                .await?;
        }
    }
    let media_type = HeaderValue::from_static(form.manifest.media_type());
    client
        .push_manifest_raw(&reference, form.manifest.bytes().clone(), media_type)
        .await?;
    Ok(reference.whole())
}

/// Reads `REGISTRY/NAME[:TAG]`. The library would default to `latest`, which Istio pulls again
/// whenever it changes.
pub(super) fn with_tag(reference: &str, version: &str) -> Result<Reference> {
    let name = reference.rsplit('/').next().unwrap_or_default();
    if name.contains('@') {
        bail!("cannot push to a digest: expected `REGISTRY/NAME:TAG`");
    }
    let tagged = if name.contains(':') {
        reference.to_owned()
    } else {
        format!("{reference}:{version}")
    };
    tagged
        .parse()
        .with_context(|| format!("invalid reference `{tagged}`: expected `REGISTRY/NAME:TAG`"))
}

fn credentials(reference: &Reference) -> Result<RegistryAuth> {
    let registry = match reference.registry() {
        // The key under which `docker login` stores it.
        "docker.io" => "https://index.docker.io/v1/",
        registry => registry,
    };
    match docker_credential::get_credential(registry) {
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(RegistryAuth::Basic(user, password)),
        Ok(DockerCredential::IdentityToken(_)) => {
            bail!(
                "`docker login` has left an identity token for `{registry}`; log in with a password or a token as password"
            )
        }
        Err(
            CredentialRetrievalError::NoCredentialConfigured
            | CredentialRetrievalError::ConfigNotFound
            | CredentialRetrievalError::ConfigReadError,
        ) => Ok(RegistryAuth::Anonymous),
        Err(error) => Err(error).context("cannot read the credentials of `docker login`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_without_a_tag_gets_the_version() {
        for (reference, expected) in [
            ("127.0.0.1:5000/dagward", "127.0.0.1:5000/dagward:0.1.0"),
            ("ghcr.io/team/dagward:next", "ghcr.io/team/dagward:next"),
        ] {
            assert_eq!(with_tag(reference, "0.1.0").unwrap().whole(), expected);
        }
        for reference in ["ghcr.io/team/dagward@sha256:00", "ghcr.io/Team/dagward", ""] {
            let error = with_tag(reference, "0.1.0").unwrap_err().to_string();
            assert!(error.contains("expected `REGISTRY/NAME:TAG`"), "{error}");
        }
    }
}
