package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"k8s.io/client-go/kubernetes"

	"github.com/gabion-security/gabion/e2e/binaries"
)

// Cluster is a running control plane.
type Cluster struct {
	// Etcd and APIServer are its two servers.
	Etcd, APIServer *Server

	options    Options
	binaries   binaries.Set
	folder     *folder
	ports      ports
	url        string
	ca         []byte
	tokens     map[string]string
	kubeconfig string
	client     kubernetes.Interface
}

// Start starts a control plane and waits until it is ready. The caller has to
// Stop it.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	programs := o.Binaries
	if programs == (binaries.Set{}) {
		var err error
		if programs, err = binaries.ControlPlane(ctx, o.logger()); err != nil {
			return nil, err
		}
	}
	for try := 1; ; try++ {
		c, err := start(ctx, o, programs)
		if err == nil {
			return c, nil
		}
		if c != nil {
			err = errors.Join(err, c.Stop())
		}
		if !isTaken(err) || try == 3 {
			return nil, fmt.Errorf("starting a control plane: %w", err)
		}
	}
}

// start starts a control plane on ports that seem free. With an error, the
// cluster, if there is one, has to be stopped all the same.
func start(ctx context.Context, o Options, programs binaries.Set) (*Cluster, error) {
	folder, err := newFolder()
	if err != nil {
		return nil, err
	}
	c := &Cluster{options: o, binaries: programs, folder: folder}
	if c.ports, err = freePorts(); err != nil {
		return c, err
	}
	c.url = fmt.Sprintf("https://127.0.0.1:%d", c.ports.apiServer)
	if err := errors.Join(c.writeCredentials(), c.writeConfiguration()); err != nil {
		return c, err
	}
	if c.kubeconfig, err = c.KubeconfigOf(admin.Name); err != nil {
		return c, err
	}
	if c.client, err = kubernetes.NewForConfig(c.Config()); err != nil {
		return c, err
	}
	c.Etcd = c.newEtcd()
	if err := c.Etcd.Start(ctx); err != nil {
		return c, err
	}
	if c.APIServer, err = c.newAPIServer(); err != nil {
		return c, err
	}
	return c, c.APIServer.Start(ctx)
}

// Stop ends the control plane and removes everything that it has written.
func (c *Cluster) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	var errs []error
	for _, s := range []*Server{c.APIServer, c.Etcd} {
		if s != nil {
			errs = append(errs, s.Kill(ctx))
		}
	}
	return errors.Join(append(errs, c.folder.remove())...)
}

// URL returns where the API server is.
func (c *Cluster) URL() string { return c.url }

// Version returns the version of the API server, "v1.37.2".
func (c *Cluster) Version() string { return c.binaries.KubernetesVersion }

// Client returns a client with all rights.
func (c *Cluster) Client() kubernetes.Interface { return c.client }

// Kubeconfig returns the path of a kubeconfig with all rights.
func (c *Cluster) Kubeconfig() string { return c.kubeconfig }

// KubectlPath returns the path of a kubectl of the API server's version.
func (c *Cluster) KubectlPath() string { return c.binaries.Kubectl }

// Dir returns the folder that is removed when the cluster is stopped.
func (c *Cluster) Dir() string { return c.folder.path }

// Kubectl returns the command that runs kubectl against the cluster with all
// rights. Whatever the person who runs the tests has configured has no effect.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.binaries.Kubectl, args...)
	cmd.Env = append(os.Environ(),
		"KUBECONFIG="+c.kubeconfig, "KUBERC=off", "KUBECACHEDIR="+c.file("kubectl-cache"), "HOME="+c.folder.path)
	return cmd
}

func (c *Cluster) file(name string) string { return filepath.Join(c.folder.path, name) }
