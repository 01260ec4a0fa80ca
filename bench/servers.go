package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// server is one of the webhooks, a process of its own.
type server struct {
	*cluster.Server

	url string // where it takes reviews
}

// servers are the webhooks that are measured, beside the API server that two of
// them know namespaces from.
type servers struct {
	cluster                    *cluster.Cluster
	constant, upstream, gabion server
	served                     *serve.Server
	certificate                string   // the file with what all of them show
	credentials                []string // the flags that name it
}

// startServers starts everything. It has to be stopped, unless there is an error.
func startServers(ctx context.Context) (*servers, error) {
	s, err := startGabionAlone(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.startOthers(ctx, s.credentials); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// startGabionAlone is startServers without those that Gabion is compared with.
func startGabionAlone(ctx context.Context) (_ *servers, err error) {
	c, err := cluster.Start(ctx, cluster.Options{WithoutPodSecurity: true})
	if err != nil {
		return nil, err
	}
	s := &servers{cluster: c, certificate: filepath.Join(c.Dir(), "tls.crt")}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop())
		}
	}()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: reviewNamespace, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	if _, err := c.Client().CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	if s.credentials, err = serve.WriteCredentials(c.Dir()); err != nil {
		return nil, err
	}
	if err := s.startGabion(ctx, s.credentials); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *servers) startGabion(ctx context.Context, credentials []string) error {
	program, err := binaries.Gabion(ctx, s.cluster.Dir())
	if err != nil {
		return err
	}
	// With what `gabion install` has it log in.
	gabion, err := serve.Prepare(s.cluster, program, "gabion", s.cluster.Kubeconfig(), append(credentials, "--log-format=json")...)
	if err != nil {
		return err
	}
	s.served, s.gabion = gabion, server{gabion.Server, "https://" + gabion.Admission + "/validate"}
	return s.gabion.Start(ctx)
}

// startOthers builds and starts upstream's webhook, as it is, and the floor.
func (s *servers) startOthers(ctx context.Context, credentials []string) error {
	const upstreamPackage = "k8s.io/pod-security-admission/cmd/webhook" // of the version in go.mod
	dir := s.cluster.Dir()
	build := binaries.GoBuild(ctx, dir, "-o", dir+string(filepath.Separator), "./cmd/constant", upstreamPackage)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(build.Args, " "), err, out)
	}
	free, err := cluster.FreeAddresses(2)
	if err != nil {
		return err
	}
	client, err := newClient(protocols()[0], s.certificate)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	start := func(name, address string, args ...string) (server, error) {
		url := "https://" + address
		path := filepath.Join(dir, name)
		started := server{s.cluster.Program(path, name+".log", append(args, credentials...), func(ctx context.Context) error {
			return get(ctx, client, url+"/readyz")
		}), url + "/validate"}
		err := started.Start(ctx)
		return started, err
	}
	if s.constant, err = start("constant", free[0], "--listen="+free[0]); err != nil {
		return err
	}
	host, port, _ := strings.Cut(free[1], ":")
	s.upstream, err = start("webhook", free[1], "--kubeconfig="+s.cluster.Kubeconfig(), "--bind-address="+host, "--secure-port="+port)
	return err
}

// get asks for a URL and returns an error unless the answer is 200.
func get(ctx context.Context, c *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return nil
}

// stop ends all processes and removes what they have written.
func (s *servers) stop() error {
	var errs []error
	for _, each := range []server{s.gabion, s.upstream, s.constant} {
		if each.Server != nil {
			errs = append(errs, each.Kill(context.Background()))
		}
	}
	return errors.Join(append(errs, s.cluster.Stop())...)
}
