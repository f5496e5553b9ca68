//! A proxy for tests, with the semantics measured on Envoy: the process owns statistics and shared values, a
//! VM owns metric ids.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::host::{Kind, Meter};
use crate::store::{Memory, Shared};

/// The state that all VMs of a proxy share.
#[derive(Debug, Default)]
pub(super) struct Proxy {
    store: Memory,
    /// By name: a counter's sum, a gauge's value, a histogram's number of values.
    pub(super) stats: BTreeMap<String, (Kind, u64)>,
}

impl Proxy {
    /// The number of values in the store.
    pub(super) fn stored(&self) -> usize {
        self.store.values("").len()
    }
}

/// One VM of a proxy.
#[derive(Debug, Default)]
pub(super) struct Vm {
    pub(super) proxy: Rc<RefCell<Proxy>>,
    names: Vec<String>,
}

impl Vm {
    pub(super) fn of(proxy: &Rc<RefCell<Proxy>>) -> Self {
        Self {
            proxy: Rc::clone(proxy),
            names: Vec::new(),
        }
    }

    /// The number of metrics that this VM has defined.
    pub(super) fn defined(&self) -> usize {
        self.names.len()
    }

    fn update(&mut self, id: u32, kinds: &[Kind], change: impl FnOnce(u64) -> u64) {
        let mut proxy = self.proxy.borrow_mut();
        let (kind, value) = proxy.stats.get_mut(&self.names[id as usize]).unwrap();
        assert!(kinds.contains(kind), "{kind:?}");
        *value = change(*value);
    }
}

impl Meter for Vm {
    fn define(&mut self, kind: Kind, name: &str) -> u32 {
        assert!(
            !self.names.iter().any(|known| known == name),
            "defined `{name}` twice"
        );
        self.names.push(name.to_owned());
        self.proxy
            .borrow_mut()
            .stats
            .entry(name.to_owned())
            .or_insert((kind, 0));
        u32::try_from(self.names.len() - 1).unwrap()
    }

    fn add(&mut self, id: u32, n: u64) {
        assert!(n > 0, "the proxy refuses to add nothing");
        self.update(id, &[Kind::Counter], |sum| sum + n);
    }

    fn observe(&mut self, id: u32, _value: u64) {
        self.update(id, &[Kind::Histogram], |count| count + 1);
    }

    fn set(&mut self, id: u32, value: u64) {
        self.update(id, &[Kind::Gauge], |_| value);
    }
}

impl Shared for Vm {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.proxy.borrow_mut().store.read(key)
    }

    fn write(&mut self, key: &str, value: &[u8]) -> bool {
        self.proxy.borrow_mut().store.write(key, value)
    }

    fn create(&mut self, key: &str, value: &[u8]) -> bool {
        self.proxy.borrow_mut().store.create(key, value)
    }

    fn replace(&mut self, key: &str, value: &[u8], version: u32) -> bool {
        self.proxy.borrow_mut().store.replace(key, value, version)
    }
}
