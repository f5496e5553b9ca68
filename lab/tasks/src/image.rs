//! `cargo xtask image`

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use dagward_publish::image::{self, Image, PASSWORD, Scheme, Signer};
use dagward_workbench::paths;
use dagward_workbench::table::Table;

/// The column with digests; they do not wrap, as users copy them.
const DIGEST_COLUMN: usize = 2;

/// `sha256:` and 64 digits.
const DIGEST_WIDTH: u16 = 71;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Push it to a registry, with the credentials that `docker login` has stored; the default tag
    /// is the version.
    #[arg(long, value_name = "REGISTRY/NAME[:TAG]")]
    push: Option<String>,
    /// Push over plain HTTP, for a registry without TLS.
    #[arg(long, requires = "push")]
    plain_http: bool,
    /// Sign it with this private key, and attest its origin: a file that `cosign generate-key-pair`
    /// wrote, with its password in `COSIGN_PASSWORD`. Signing needs Go.
    #[arg(long, requires = "push", value_name = "KEYFILE")]
    sign: Option<PathBuf>,
    /// The name of the builder in the attestation.
    #[arg(long, requires = "sign", value_name = "URI")]
    builder: Option<String>,
}

/// Makes the image, prints its digests, and pushes it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let image = Image::build()?;
    let directory = image::directory();
    image.write(&directory)?;
    println!("module: {} bytes\n", image.module_size);
    println!("{}", forms(&image));
    println!("{}", labels(&image));
    let directory = directory.strip_prefix(paths::workspace()).unwrap_or(&directory);
    println!("written to {}, an OCI image layout", directory.display());

    if let Some(reference) = &arguments.push {
        let scheme = if arguments.plain_http {
            Scheme::Http
        } else {
            Scheme::Https
        };
        let pushed = image.push(reference, scheme)?;
        println!("pushed to {}\n       and {}", pushed.image, pushed.artifact);
        if let Some(key) = &arguments.sign {
            let signer = Signer {
                key: key.clone(),
                password: env::var(PASSWORD)
                    .with_context(|| format!("set `{PASSWORD}` to the password of `{}`", key.display()))?,
                builder: arguments.builder.clone(),
            };
            image.sign(reference, scheme, &signer)?;
            println!("signed both with `{}`, with their provenance", key.display());
        }
    }
    Ok(())
}

fn forms(image: &Image) -> Table {
    let mut table = Table::plain(["tag", "layer", "digest"]).at_least(DIGEST_COLUMN, DIGEST_WIDTH);
    for form in image.forms() {
        let layer = form.layers.first().map_or(0, |layer| layer.bytes().len());
        table.row([
            form.tag(&image.version),
            layer.to_string(),
            form.manifest.digest().to_owned(),
        ]);
    }
    table
}

fn labels(image: &Image) -> Table {
    let mut table = Table::plain(["label", ""]);
    for (key, value) in &image.labels {
        table.row([key.clone(), value.clone()]);
    }
    table
}
