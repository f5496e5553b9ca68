//! The pods' network: one bridge, and a network namespace with an address of its own for each pod.
//!
//! Nothing leaves the machine: the bridge has no way out, and only its addresses and loopback are ever
//! asked. Whose a bridge is stands on it, so that what is left of a process is found and removed, whatever killed it.

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

/// Bridges are `dagward0`, `dagward1` …; so many labs can run at once.
const NAME: &str = "dagward";
const MOST: u8 = 8;

/// The second byte of the first bridge's addresses, `10.230.0.0/16`.
const FIRST: u8 = 230;

/// Removes the bridge `$1` and its namespaces.
const GUARD: &str = r#"
for namespace in /run/netns/"$1"-*; do
    ip netns delete "${namespace##*/}"
done
ip link delete "$1""#;

/// A bridge. It goes with its handle, or with this process, and all of its namespaces with it.
#[derive(Debug)]
pub struct Network {
    number: u8,
    next: Mutex<u16>,
    guard: Guard,
}

/// A network namespace at the bridge. It goes with its handle.
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
            // It exists: another lab's.
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

    /// Where the namespace with this address is.
    pub fn netns(&self, address: Ipv4Addr) -> Netns {
        let [_, _, high, low] = address.octets();
        let number = u16::from_be_bytes([high.wrapping_sub(1), low]);
        Netns::new(file(&self.name(number)))
    }

    fn name(&self, number: u16) -> String {
        format!("{}-{number}", bridge(self.number))
    }

    /// A namespace with an address that none had before.
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
        // What is no pod's, such as a service's address, goes to the bridge if nothing captures it.
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

    /// The file by which the kernel knows it.
    pub fn file(&self) -> PathBuf {
        file(&self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Its end of the pair goes with it, and so does the other.
        let _ = ip(&["netns", "delete", &self.name]);
    }
}

/// Removes the bridges and namespaces whose process is no more, and gives how many bridges there were.
pub fn sweep() -> Result<usize> {
    let mut swept = 0;
    for link in links()? {
        let owner = link.pointer("/ifalias").and_then(Value::as_str);
        if let Some(name) = link.pointer("/ifname").and_then(Value::as_str)
            && name.starts_with(NAME)
            && !owner.and_then(Owner::parse).is_some_and(|owner| owner.lives())
        {
            remove(name);
            swept += 1;
        }
    }
    Ok(swept)
}

fn links() -> Result<Vec<Value>> {
    let text = ip(&["-json", "-details", "link", "show", "type", "bridge"])?;
    // Nothing at all where there is no bridge.
    let text = if text.trim().is_empty() { "[]" } else { &text };
    serde_json::from_str(text).context("`ip` printed no JSON")
}

/// A bridge with its namespaces, whatever is left of them.
fn remove(bridge: &str) {
    let namespaces = fs::read_dir("/run/netns").into_iter().flatten().flatten();
    let prefix = format!("{bridge}-");
    for namespace in namespaces {
        let name = namespace.file_name();
        if let Some(name) = name.to_str().filter(|name| name.starts_with(&prefix)) {
            let _ = ip(&["netns", "delete", name]);
        }
    }
    let _ = ip(&["link", "delete", bridge]);
}

/// Where `ip` keeps a namespace.
fn file(name: &str) -> PathBuf {
    Path::new("/run/netns").join(name)
}

fn bridge(number: u8) -> String {
    format!("{NAME}{number}")
}

/// Runs `ip` and gives what it printed.
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
        // It has no process: nothing would drop it.
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
        ip(&["link", "set", &bridge(network.number), "alias", "1@0"]).unwrap();
        sweep().unwrap();
        assert!(!namespace.file().exists());
    }
}
