//! Which Envoy, how many workers, which HTTP.

use dagward_lab::envoy::{DEFAULT_VERSION, OLDEST_VERSION};

/// How the sidecars of a test run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    /// Envoy's version.
    pub(crate) version: &'static str,
    /// Envoy's worker threads.
    pub(crate) workers: u32,
    /// Whether client, sidecars and app speak HTTP/2, else HTTP/1.1.
    pub(crate) http2: bool,
}

impl Setup {
    /// The one for what does not depend on it.
    pub(crate) const DEFAULT: Self = Self::new(DEFAULT_VERSION, 1, false);

    /// Four setups in which every two of their values meet.
    pub(crate) const ALL: [Self; 4] = [
        Self::DEFAULT,
        Self::new(DEFAULT_VERSION, 2, true),
        Self::new(OLDEST_VERSION, 1, true),
        Self::new(OLDEST_VERSION, 2, false),
    ];

    const fn new(version: &'static str, workers: u32, http2: bool) -> Self {
        Self {
            version,
            workers,
            http2,
        }
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
