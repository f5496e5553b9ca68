// The definitions of Istio 1.32. Nothing is built from it: see e2e/tests/istio/definitions.rs.
module dagward.test/istio-api-1.32

go 1.26.0

require istio.io/api v1.32.0
