//! The setups of the tests: Envoy's version, the number of workers, the version of HTTP.

use std::env;

use dagward_testbed::envoy::{DEFAULT_VERSION, OLDEST_VERSION, PINNED};

use crate::mesh::{Server, allow_all};

/// The setup of a test's sidecars.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    /// Envoy's version, if none is pinned.
    version: &'static str,
    /// Envoy's worker threads.
    pub(crate) workers: u32,
    /// Whether client, sidecars and app use HTTP/2 instead of HTTP/1.1.
    pub(crate) http2: bool,
}

impl Setup {
    /// The setup for tests that do not depend on it.
    pub(crate) const DEFAULT: Self = Self::new(DEFAULT_VERSION, 1, false);

    /// Four setups that together contain every pair of their values. With one pinned version they are the four
    /// combinations of workers and HTTP.
    pub(crate) const ALL: [Self; 4] = [
        Self::DEFAULT,
        Self::new(DEFAULT_VERSION, 2, true),
        Self::new(OLDEST_VERSION, 1, true),
        Self::new(OLDEST_VERSION, 2, false),
    ];

    /// Envoy's version. `cargo xtask test matrix` pins one for the whole suite.
    pub(crate) fn version(self) -> String {
        env::var(PINNED).unwrap_or_else(|_| self.version.to_owned())
    }

    const fn new(version: &'static str, workers: u32, http2: bool) -> Self {
        Self {
            version,
            workers,
            http2,
        }
    }
}

#[test]
fn the_proxies_are_of_the_version_that_is_asked_for() {
    for setup in Setup::ALL {
        let server = Server::start(setup, &allow_all());
        let info = server.sidecar.admin().json("/server_info").unwrap();
        let version = info["version"].as_str().unwrap();
        assert!(version.contains(&format!("/{}/", setup.version())), "{version}");
    }
}

/// Makes four tests of each function, one for each setup.
macro_rules! on_every_setup {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            use crate::setup::Setup;

            #[test]
            fn newest_envoy_one_worker_http1() {
                super::$test(Setup::ALL[0]);
            }

            #[test]
            fn newest_envoy_two_workers_http2() {
                super::$test(Setup::ALL[1]);
            }

            #[test]
            fn oldest_envoy_one_worker_http2() {
                super::$test(Setup::ALL[2]);
            }

            #[test]
            fn oldest_envoy_two_workers_http1() {
                super::$test(Setup::ALL[3]);
            }
        }
    )+};
}

pub(crate) use on_every_setup;
