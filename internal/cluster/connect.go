package cluster

import (
	"fmt"
	"net/http"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// ConnectOptions say where the API server is and who asks it.
type ConnectOptions struct {
	// Kubeconfig is the path of a kubeconfig, of which the current context
	// counts. If it is empty, the program has to run inside the cluster.
	Kubeconfig string
	// Version is the program's own, which API servers see in their logs.
	Version string
}

// Requests to the API server beyond the two watches are rare: a namespace that
// is younger than what the cache has heard, or all of them while the cache is
// stale. An API server in trouble is spared more than this.
const (
	queriesPerSecond = 100
	queriesAtOnce    = 200
)

// Connect returns how the API server is reached. Nothing is sent to it yet.
func Connect(o ConnectOptions) (*rest.Config, error) {
	config, err := o.config()
	if err != nil {
		return nil, err
	}
	config.UserAgent = "gabion/" + o.Version
	config.QPS, config.Burst = queriesPerSecond, queriesAtOnce
	return config, nil
}

func (o ConnectOptions) config() (*rest.Config, error) {
	if o.Kubeconfig == "" {
		config, err := rest.InClusterConfig()
		if err != nil {
			return nil, fmt.Errorf("no kubeconfig given, and not inside a cluster: %w", err)
		}
		return config, nil
	}
	config, err := readKubeconfig(o.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig %s: %w", o.Kubeconfig, err)
	}
	return config, nil
}

// readKubeconfig reads one file. Neither the environment nor the cluster that the
// program may run in has any part in it.
func readKubeconfig(path string) (*rest.Config, error) {
	file, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return nil, err
	}
	if err := clientcmd.ResolveLocalPaths(file); err != nil {
		return nil, err
	}
	return clientcmd.NewDefaultClientConfig(*file, &clientcmd.ConfigOverrides{}).ClientConfig()
}

// client speaks with the API server.
type client struct {
	*rest.RESTClient

	parameters runtime.ParameterCodec
	address    string
}

// newClient returns a client that asks for protobuf: pods take a third of the
// time to read. It knows the types of what bears pods, and of RBAC.
func newClient(config *rest.Config) (*client, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, rbacv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	config = rest.CopyConfig(config)
	config.APIPath = "/api"
	config.GroupVersion = &corev1.SchemeGroupVersion
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	c, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, err
	}
	return &client{RESTClient: c, parameters: runtime.NewParameterCodec(scheme), address: Address(config)}, nil
}

// closeIdleConnections closes the connections that no request uses. A client
// that needs neither TLS nor credentials has no transport of its own.
func (c *client) closeIdleConnections() {
	transport := c.Client.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	utilnet.CloseIdleConnectionsFor(transport)
}
