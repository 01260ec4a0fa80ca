package cluster

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/inventory"
)

// Address returns where the API server is, for people and files: without the
// credentials that a URL may hold. It is empty for what is no address.
func Address(config *rest.Config) string {
	u, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return strings.TrimSuffix(u.String(), "/")
}

// cluster asks the API server which cluster it is. Who may not read the
// namespace kube-system learns only where it is.
func (c *client) cluster(ctx context.Context) (inventory.Cluster, error) {
	var n corev1.Namespace
	err := c.Get().Resource("namespaces").Name(metav1.NamespaceSystem).Do(ctx).Into(&n)
	if err != nil && !apierrors.IsForbidden(err) && !apierrors.IsNotFound(err) {
		return inventory.Cluster{}, fmt.Errorf("asking the API server which cluster it is: %w", err)
	}
	return inventory.Cluster{Address: c.address, UID: string(n.UID)}, nil
}
