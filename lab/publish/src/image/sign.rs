//! Signatures and provenance of a pushed image, by cosign with a key pair in files.
//!
//! Both are sigstore bundles, stored beside the image in its registry, where `cosign verify` and
//! `cosign verify-attestation` find them. cosign writes to no transparency log: the key alone is
//! the proof.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use oci_client::Reference;

use super::{Image, Scheme, provenance};
use dagward_workbench::go::Program;
use dagward_workbench::{paths, progress};

const COSIGN: Program = Program {
    module: "cosign",
    package: "github.com/sigstore/cosign/v3/cmd/cosign",
    linked: "",
};

/// The variable with the password of the private key.
pub const PASSWORD: &str = "COSIGN_PASSWORD";

/// An empty list of services for cosign. Without it cosign asks sigstore's public services for
/// theirs.
const NO_SERVICES: &str = r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}"#;

/// The signer.
#[derive(Debug, Clone)]
pub struct Signer {
    /// The file of the private key, as `cosign generate-key-pair` writes it.
    pub key: PathBuf,
    /// Its password.
    pub password: String,
    /// The URI of the machine that builds (`builder.id` of the provenance), if the caller names
    /// one.
    pub builder: Option<String>,
}

/// cosign's program; builds it if necessary.
pub fn cosign() -> Result<PathBuf> {
    COSIGN.ensure()
}

pub(super) fn sign(image: &Image, reference: &Reference, scheme: Scheme, signer: &Signer) -> Result<()> {
    ensure!(
        signer.key.is_file(),
        "there is no file `{}`; `cosign generate-key-pair` makes one",
        signer.key.display()
    );
    let provenance = provenance::of(image, signer.builder.as_deref())?;
    let scratch = paths::scratch("sign")?;
    let write = |name: &str, text: &str| {
        let path = scratch.path().join(name);
        fs::write(&path, text).map(|()| path)
    };
    let services = write("services.json", NO_SERVICES)?;
    let predicate = write("provenance.json", &provenance.to_string())?;
    let cosign = cosign()?;
    for form in image.forms() {
        let digest = form.manifest.digest();
        let name = format!("{}/{}@{digest}", reference.registry(), reference.repository());
        let run = |message: &str, arguments: &[&Path]| {
            let mut command = Command::new(&cosign);
            command.args(arguments).args(["--yes", "--key"]).arg(&signer.key);
            command.arg("--signing-config").arg(&services);
            if scheme == Scheme::Http {
                command.arg("--allow-http-registry");
            }
            command.arg(&name).env(PASSWORD, &signer.password);
            progress::run(message, &mut command).with_context(|| name.clone())
        };
        run("signing", &["sign".as_ref()])?;
        let kind = ["attest", "--type", provenance::TYPE, "--predicate"].map(Path::new);
        run("attesting the provenance", &[&kind[..], &[&predicate]].concat())?;
    }
    Ok(())
}

/// These tests need Go.
#[cfg(test)]
mod needs_go {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::Value;
    use tempfile::TempDir;

    use super::*;
    use crate::image::provenance::REVISION;
    use dagward_testbed::registry::Registry;

    const COMMIT: &str = "0123456789012345678901234567890123456789";

    /// A key pair in a folder of its own.
    fn pair(name: &str) -> (TempDir, Signer, PathBuf) {
        let folder = paths::scratch(name).unwrap();
        let mut generate = Command::new(cosign().unwrap());
        generate
            .current_dir(folder.path())
            .arg("generate-key-pair")
            .env(PASSWORD, name);
        progress::run("generating a key pair", &mut generate).unwrap();
        let signer = Signer {
            key: folder.path().join("cosign.key"),
            password: name.to_owned(),
            builder: Some("https://ci.example.com/dagward".to_owned()),
        };
        let public = folder.path().join("cosign.pub");
        (folder, signer, public)
    }

    fn made(revision: &str) -> Image {
        let folder = paths::scratch("image").unwrap();
        let module = folder.path().join("module.wasm");
        fs::write(&module, format!("\0asm{revision}")).unwrap();
        let mut image = Image::of(&module).unwrap();
        image.labels.insert(REVISION.to_owned(), revision.to_owned());
        image
    }

    /// cosign's own output about an image; the error is its last line.
    fn cosign_says(arguments: &[&str], key: &Path, name: &str) -> Result<String, String> {
        let mut verify = Command::new(cosign().unwrap());
        verify.args(arguments).arg("--key").arg(key);
        let output = verify.args(["--insecure-ignore-tlog=true", name]).output();
        let output = output.unwrap();
        let [printed, error] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        if output.status.success() {
            Ok(printed)
        } else {
            Err(error)
        }
    }

    #[test]
    fn cosign_verifies_signature_and_provenance() {
        let registry = Registry::start().unwrap();
        let repository = format!("{}/team/dagward", registry.address());
        let (_folder, signer, public) = pair("ours");
        let (_other_folder, _, other) = pair("other");
        let (image, unsigned) = (made(COMMIT), made(&COMMIT.replace('0', "a")));
        for image in [&image, &unsigned] {
            image.push(&repository, Scheme::Http).unwrap();
        }
        image.sign(&repository, Scheme::Http, &signer).unwrap();

        let attestation = ["verify-attestation", "--type", provenance::TYPE];
        for form in image.forms() {
            let name = format!("{repository}@{}", form.manifest.digest());
            let printed = cosign_says(&["verify"], &public, &name).unwrap();
            assert!(printed.contains(form.manifest.digest()), "{printed}");
            let printed = cosign_says(&attestation, &public, &name).unwrap();
            let envelope: Value = serde_json::from_str(&printed).unwrap();
            let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
            let statement: Value = serde_json::from_slice(&payload).unwrap();
            let digest = format!(
                "sha256:{}",
                statement["subject"][0]["digest"]["sha256"].as_str().unwrap()
            );
            assert_eq!(digest, form.manifest.digest());
            assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
            let predicate = &statement["predicate"];
            assert_eq!(
                predicate["runDetails"]["builder"]["id"],
                "https://ci.example.com/dagward"
            );
            let source = &predicate["buildDefinition"]["resolvedDependencies"][0];
            assert_eq!(source["digest"]["gitCommit"], COMMIT);
            for arguments in [&["verify"][..], &attestation] {
                cosign_says(arguments, &other, &name).unwrap_err();
            }
        }
        let name = format!("{repository}@{}", unsigned.image.manifest.digest());
        cosign_says(&["verify"], &public, &name).unwrap_err();
    }

    #[test]
    fn a_wrong_password_and_a_changed_tree_sign_nothing() {
        let registry = Registry::start().unwrap();
        let repository = format!("{}/dagward", registry.address());
        let (_folder, signer, public) = pair("ours");
        let image = made(COMMIT);
        image.push(&repository, Scheme::Http).unwrap();
        let wrong = Signer {
            password: "wrong".to_owned(),
            ..signer.clone()
        };
        image.sign(&repository, Scheme::Http, &wrong).unwrap_err();
        let changed = made(&format!("{COMMIT}-dirty"));
        let error = changed.sign(&repository, Scheme::Http, &signer).unwrap_err();
        assert!(format!("{error:#}").contains("commit your changes"), "{error:#}");
        let name = format!("{repository}@{}", image.image.manifest.digest());
        cosign_says(&["verify"], &public, &name).unwrap_err();
    }
}
