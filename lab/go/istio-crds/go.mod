module dagward.test/istio130

go 1.26.0

require istio.io/istio v0.0.0-20260826214018-9739e10eb9d7
