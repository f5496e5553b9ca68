//! The pods' network: one bridge, and a network namespace with an address of its own for each pod.
//!
//! No traffic leaves the machine: the bridge has no route out, and the lab only connects to its
//! addresses and to loopback. A bridge carries the id of the process that owns it, so that the lab
//! finds and removes the remains of a process, however that was killed.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use dagward_testbed::netns::Netns;
use dagward_workbench::guard::Guard;
use dagward_workbench::owner::Owner;

/// Bridges are `dagward0`, `dagward1` …, so that several labs can run at once.
const NAME: &str = "dagward";
const MOST: u8 = 8;

/// The second byte of the first bridge's addresses, `10.230.0.0/16`.
const FIRST: u8 = 230;

/// Removes the bridge `$1` and its namespaces. The kernel deletes a namespace's interfaces some time after
/// it, and a new bridge can have the same name before, so the pairs go first.
const GUARD: &str = r#"
for namespace in /run/netns/"$1"-*; do
    ip link delete "$1p${namespace##*-}"
    ip netns delete "${namespace##*/}"
done
ip link delete "$1""#;

/// A bridge. It is removed with its handle, or when this process ends, together with all of its
/// namespaces.
#[derive(Debug)]
pub struct Network {
    number: u8,
    next: Mutex<u16>,
    guard: Guard,
}

/// A network namespace at the bridge. It is removed with its handle.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    address: Ipv4Addr,
}

impl Network {
    /// A new bridge that belongs to this process.
    pub fn new() -> Result<Self> {
        sweep()?;
        for number in 0..MOST {
            let bridge = bridge(number);
            // The name exists already: another lab owns it.
            if ip(&["link", "add", &bridge, "type", "bridge"]).is_err() {
                continue;
            }
            let network = Self {
                number,
                next: Mutex::new(0),
                guard: Guard::new(GUARD, &bridge)?,
            };
            let address = format!("{}/16", network.address());
            ip(&["link", "set", &bridge, "alias", &Owner::this()?.to_string()])?;
            ip(&["address", "add", &address, "dev", &bridge])?;
            ip(&["link", "set", &bridge, "up"])?;
            return Ok(network);
        }
        bail!("{MOST} labs run already; `ip link show type bridge` shows their bridges")
    }

    /// The address of the machine itself on the bridge, where the control plane listens.
    pub fn address(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, FIRST + self.number, 0, 1)
    }

    /// The handle of the namespace with this address.
    pub fn netns(&self, address: Ipv4Addr) -> Netns {
        let [_, _, high, low] = address.octets();
        let number = u16::from_be_bytes([high.wrapping_sub(1), low]);
        Netns::new(file(&self.name(number)))
    }

    fn name(&self, number: u16) -> String {
        format!("{}-{number}", bridge(self.number))
    }

    /// A namespace with an address that no namespace had before.
    pub fn namespace(&self) -> Result<Namespace> {
        let number = {
            let mut next = self
                .next
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            *next += 1;
            *next
        };
        let [high, low] = number.to_be_bytes();
        // 10.x.0.1 is the bridge.
        let address = Ipv4Addr::new(10, FIRST + self.number, high + 1, low);
        let bridge = bridge(self.number);
        let namespace = Namespace {
            name: self.name(number),
            address,
        };
        let (outside, inside) = (format!("{bridge}p{number}"), "eth0");
        let name = &namespace.name;
        ip(&["netns", "add", name])?;
        ip(&[
            "link", "add", &outside, "type", "veth", "peer", "name", inside, "netns", name,
        ])?;
        ip(&["link", "set", &outside, "master", &bridge, "up"])?;
        let within = |arguments: &[&str]| ip(&[&["-netns", name], arguments].concat());
        within(&["link", "set", "lo", "up"])?;
        within(&["address", "add", &format!("{address}/16"), "dev", inside])?;
        within(&["link", "set", inside, "up"])?;
        // Traffic to other addresses, such as a service's, goes to the bridge if nothing captures
        // it.
        within(&["route", "add", "default", "via", &self.address().to_string()])?;
        Ok(namespace)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        remove(&bridge(self.number));
        self.guard.dismiss();
    }
}

impl Namespace {
    /// Its address.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// The file that stands for it in the file system.
    pub fn file(&self) -> PathBuf {
        file(&self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove_namespace(&self.name);
    }
}

/// Removes the bridges and namespaces whose process has ended, and returns the number of bridges. A bridge
/// without an owner stays: another thread or process has just made it, and names the owner next.
pub fn sweep() -> Result<usize> {
    let mut swept = 0;
    for link in links()? {
        let text = |field| link.get(field).and_then(Value::as_str);
        if let (Some(name), Some(owner)) = (text("ifname"), text("ifalias"))
            && name.starts_with(NAME)
            && !Owner::parse(owner).is_some_and(|owner| owner.lives())
        {
            remove(name);
            swept += 1;
        }
    }
    Ok(swept)
}

fn links() -> Result<Vec<Value>> {
    let text = ip(&["-json", "-details", "link", "show", "type", "bridge"])?;
    // The output is empty if there is no bridge.
    let text = if text.trim().is_empty() { "[]" } else { &text };
    serde_json::from_str(text).context("`ip` printed no JSON")
}

/// Removes a bridge and all that is left of its namespaces.
fn remove(bridge: &str) {
    let namespaces = fs::read_dir("/run/netns").into_iter().flatten().flatten();
    let prefix = format!("{bridge}-");
    for namespace in namespaces {
        let name = namespace.file_name();
        if let Some(name) = name.to_str().filter(|name| name.starts_with(&prefix)) {
            remove_namespace(name);
        }
    }
    let _ = ip(&["link", "delete", bridge]);
}

/// Removes a namespace and its pair of interfaces. The kernel deletes them some time after the namespace, and
/// a new bridge can have the same name before, so the pair goes first.
fn remove_namespace(name: &str) {
    let outside = name.replace('-', "p");
    let _ = ip(&["link", "delete", &outside]);
    let _ = ip(&["netns", "delete", name]);
}

/// The path under which `ip` keeps a namespace.
fn file(name: &str) -> PathBuf {
    Path::new("/run/netns").join(name)
}

fn bridge(number: u8) -> String {
    format!("{NAME}{number}")
}

/// Runs `ip` and returns its output.
fn ip(arguments: &[&str]) -> Result<String> {
    let output = Command::new("ip").args(arguments).output();
    let output = output
        .context("cannot start `ip`; install it, on Debian and Ubuntu with: sudo apt-get install iproute2")?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("`ip {}`: {}", arguments.join(" "), error.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod needs_root {
    use super::*;

    #[test]
    fn a_guard_removes_what_a_dead_process_had() {
        // It has no process, so nothing would drop it.
        let mut network = Network::new().unwrap();
        let namespace = network.namespace().unwrap();
        let (bridge, file) = (bridge(network.number), namespace.file());
        assert!(file.exists());
        network.guard.act().unwrap();
        assert!(!file.exists());
        assert!(ip(&["link", "show", &bridge]).is_err());
    }

    #[test]
    fn what_has_no_living_owner_is_swept() {
        let network = Network::new().unwrap();
        let namespace = network.namespace().unwrap();
        sweep().unwrap();
        assert!(namespace.file().exists());
        let owned_by = |owner| ip(&["link", "set", &bridge(network.number), "alias", owner]).unwrap();
        // As right after the bridge is made.
        owned_by("");
        sweep().unwrap();
        assert!(namespace.file().exists());
        owned_by("1@0");
        sweep().unwrap();
        assert!(!namespace.file().exists());
    }
}
