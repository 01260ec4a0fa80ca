package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// initialNamespaces are those that the API server makes itself, a moment after
// it is ready.
var initialNamespaces = [...]string{"default", "kube-node-lease", "kube-public", "kube-system"}

// newAPIServer describes the API server of a cluster.
func (c *Cluster) newAPIServer() (*Server, error) {
	client, err := rest.HTTPClientFor(c.Config())
	if err != nil {
		return nil, err
	}
	return &Server{
		program: c.binaries.APIServer,
		log:     filepath.Join(c.folder.path, "kube-apiserver.log"),
		args:    c.apiServerArgs,
		ready: func(ctx context.Context) error {
			if err := get(ctx, client, c.url+"/readyz"); err != nil {
				return err
			}
			for _, name := range initialNamespaces {
				_, err := c.client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
				if apierrors.IsNotFound(err) {
					return fmt.Errorf("there is no namespace %s yet", name)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}, nil
}

// apiServerArgs returns the flags of the API server.
func (c *Cluster) apiServerArgs() []string {
	args := []string{
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", c.ports.etcd),
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", c.ports.apiServer),
		"--tls-cert-file=" + c.file(certFile),
		"--tls-private-key-file=" + c.file(keyFile),
		"--token-auth-file=" + c.file(tokenFile),
		"--anonymous-auth=false",
		"--authorization-mode=RBAC",
		"--allow-privileged=true",
		"--disable-admission-plugins=" + c.options.disabledPlugins(),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + c.file(serviceAccountFile),
		"--service-account-signing-key-file=" + c.file(serviceAccountFile),
		"--service-cluster-ip-range=10.0.0.0/24",
		"--endpoint-reconciler-type=none", // no Service leads to a loopback address
	}
	if c.options.EmulatedVersion != "" {
		args = append(args, "--emulated-version="+c.options.EmulatedVersion)
	}
	if c.options.AdmissionConfiguration != "" {
		args = append(args, "--admission-control-config-file="+c.file(admissionFile))
	}
	if c.options.AuditPolicy != "" {
		args = append(args,
			"--audit-policy-file="+c.file(auditPolicyFile),
			"--audit-log-path="+c.file(auditLogFile),
			"--audit-log-mode=blocking", // written before the request is answered
		)
	}
	return slices.Concat(args, c.options.APIServerArgs)
}

// Reconfigure changes the options and restarts the API server with them. Those
// of the users, programs and log stay as they are.
func (c *Cluster) Reconfigure(ctx context.Context, change func(*Options)) error {
	if err := c.APIServer.Kill(ctx); err != nil { // keeps nothing but in etcd
		return err
	}
	changed := c.options
	change(&changed)
	changed.Users, changed.Binaries, changed.Log = c.options.Users, c.options.Binaries, c.options.Log
	c.options = changed
	if err := c.writeConfiguration(); err != nil {
		return err
	}
	return c.APIServer.Start(ctx)
}

// writeConfiguration writes the files that the API server reads when it starts
// and that may change.
func (c *Cluster) writeConfiguration() error {
	for name, content := range map[string]string{
		admissionFile:   c.options.AdmissionConfiguration,
		auditPolicyFile: c.options.AuditPolicy,
	} {
		if err := os.WriteFile(c.file(name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}
