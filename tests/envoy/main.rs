//! End to end on real Envoy.
