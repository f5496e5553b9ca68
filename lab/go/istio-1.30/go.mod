// Istio 1.30's own definitions. Nothing is built from it: see e2e/tests/istio/definitions.rs.
module dagward.test/istio-1.30

go 1.26.0

require istio.io/istio v0.0.0-20260826214018-9739e10eb9d7
