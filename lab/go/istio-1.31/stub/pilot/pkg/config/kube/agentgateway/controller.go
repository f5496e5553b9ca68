// Package agentgateway stands in for Istio's package of this name.
//
// Istio's own imports github.com/agentgateway/agentgateway/api, which the Go module proxy does not serve.
// istiod uses it only with PILOT_ENABLE_AGENTGATEWAY=true; the default is false.
package agentgateway

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/serviceregistry/kube/controller"
	"istio.io/istio/pilot/pkg/status"
	"istio.io/istio/pilot/pkg/xds"
	"istio.io/istio/pkg/kube"
)

// Controller has the fields and methods that pilot/pkg/bootstrap uses.
type Controller struct {
	model.ConfigStoreController
	Registrations []xds.Registration
}

var _ model.AgentgatewayController = &Controller{}

func NewAgwController(
	kube.Client, func(schema.GroupVersionResource, <-chan struct{}) bool, controller.Options,
) *Controller {
	panic("this istiod is built without agentgateway: unset PILOT_ENABLE_AGENTGATEWAY")
}

func (*Controller) SetStatusWrite(bool, *status.Manager) {}

func (*Controller) Reconcile(*model.PushContext) {}
