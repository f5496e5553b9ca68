//! The image in a real registry: both forms come back unchanged, and meet the rules of Istio's
//! agent.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy only sees through in the tests themselves"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use dagward_publish::image::{Form, Image, Scheme};
use dagward_testbed::client::{Client, Request, Response};
use dagward_testbed::registry::Registry;
use dagward_workbench::paths;
use flate2::read::GzDecoder;
use serde_json::Value;
use tar::Archive;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The first bytes of every module.
const MAGIC: &[u8] = b"\0asm";

fn get(registry: &Registry, path: &str) -> Response {
    let host = registry.address().to_string();
    let request = Request::get(&host, &format!("/v2/dagward/{path}")).header("accept", MANIFEST);
    Client::plain(registry.address()).send(&request).unwrap()
}

/// The manifest under a tag; checks that it is byte for byte the one that was pushed.
fn manifest(registry: &Registry, tag: &str, form: &Form) -> Value {
    for name in [tag, form.manifest.digest()] {
        let response = get(registry, &format!("manifests/{name}"));
        assert_eq!(response.status, 200, "{name}: {}", response.text());
        assert_eq!(response.header("content-type"), Some(MANIFEST));
        assert_eq!(
            response.header("docker-content-digest"),
            Some(form.manifest.digest())
        );
        assert_eq!(response.body, form.manifest.bytes().as_ref());
    }
    serde_json::from_slice(form.manifest.bytes()).unwrap()
}

/// A layer's type and content.
fn layer(registry: &Registry, descriptor: &Value) -> (String, Vec<u8>) {
    let response = get(
        registry,
        &format!("blobs/{}", descriptor["digest"].as_str().unwrap()),
    );
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(descriptor["size"], response.body.len());
    (
        descriptor["mediaType"].as_str().unwrap().to_owned(),
        response.body,
    )
}

/// All files below `directory`.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                found.insert(path.strip_prefix(directory).unwrap().to_owned(), bytes);
            }
        }
    }
    found
}

#[test]
fn both_forms_come_back_as_istio_wants_them() {
    let registry = Registry::start().unwrap();
    let image = Image::build().unwrap();
    let name = format!("{}/dagward", registry.address());
    let pushed = image.push(&name, Scheme::Http).unwrap();
    assert_eq!(pushed.image, format!("{name}:{}", image.version));
    assert_eq!(pushed.artifact, format!("{name}:{}-artifact", image.version));

    let manifest_of_image = manifest(&registry, &image.version, &image.image);
    let layers = manifest_of_image["layers"].as_array().unwrap();
    let (kind, compressed) = layer(&registry, layers.last().unwrap());
    assert_eq!(kind, "application/vnd.oci.image.layer.v1.tar+gzip");
    let mut archive = Archive::new(GzDecoder::new(compressed.as_slice()));
    let mut entries = archive.entries().unwrap().map(Result::unwrap);
    let mut plugin = entries
        .find(|entry| entry.path().unwrap().file_name().unwrap() == "plugin.wasm")
        .unwrap();
    let mut module = Vec::new();
    plugin.read_to_end(&mut module).unwrap();
    assert!(module.starts_with(MAGIC));
    assert_eq!(module.len(), image.module_size);
    let (kind, config) = layer(&registry, &manifest_of_image["config"]);
    assert_eq!(kind, "application/vnd.oci.image.config.v1+json");
    let config: Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(
        config["rootfs"]["diff_ids"].as_array().unwrap().len(),
        layers.len()
    );

    let tag = format!("{}-artifact", image.version);
    let manifest_of_artifact = manifest(&registry, &tag, &image.artifact);
    let layers = manifest_of_artifact["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 2);
    let layers: BTreeMap<_, _> = layers.iter().map(|found| layer(&registry, found)).collect();
    assert_eq!(
        layers["application/vnd.module.wasm.content.layer.v1+wasm"],
        module
    );
    assert_eq!(layers["application/vnd.cyclonedx+json"], image.sbom);
}

#[test]
fn the_same_module_gives_the_same_files_twice() {
    let scratch = paths::scratch("image").unwrap();
    let module = scratch.path().join("module.wasm");
    fs::write(&module, MAGIC).unwrap();
    let write = |name: &str| {
        let directory = scratch.path().join(name);
        Image::of(&module).unwrap().write(&directory).unwrap();
        files(&directory)
    };
    let first = write("one");
    assert_eq!(first, write("two"));
    // In place of an older layout, whose blobs are removed.
    fs::write(&module, b"\0asm\x01").unwrap();
    let other = write("one");
    assert_ne!(first, other);
    assert_eq!(first.len(), other.len());
}

#[test]
fn a_registry_that_was_down_has_what_it_had() {
    let other = IpAddr::from([127, 0, 0, 2]);
    let mut registry = Registry::start_on(other).unwrap();
    assert_eq!(registry.address().ip(), other);
    let scratch = paths::scratch("image").unwrap();
    let module = scratch.path().join("module.wasm");
    fs::write(&module, MAGIC).unwrap();
    let image = Image::of(&module).unwrap();
    let reference = format!("{}/dagward:next", registry.address());
    image.push(&reference, Scheme::Http).unwrap();

    registry.stop();
    let error = format!("{:#}", image.push(&reference, Scheme::Http).unwrap_err());
    assert!(
        error.contains("cannot push to") && error.contains("refused"),
        "{error}"
    );
    registry.resume().unwrap();
    manifest(&registry, "next", &image.image);
}
