package cluster

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
)

// newEtcd describes the etcd of a cluster. It does not wait for its disk: what
// a crash of the machine would lose, nobody would miss.
func (c *Cluster) newEtcd() *Server {
	client := fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcd)
	peer := fmt.Sprintf("http://127.0.0.1:%d", c.ports.peer)
	return &Server{
		program: c.binaries.Etcd,
		log:     filepath.Join(c.folder.path, "etcd.log"),
		args: func() []string {
			return []string{
				"--name=e2e",
				"--data-dir=" + filepath.Join(c.folder.path, "etcd"),
				"--listen-client-urls=" + client,
				"--advertise-client-urls=" + client,
				"--listen-peer-urls=" + peer,
				"--initial-advertise-peer-urls=" + peer,
				"--initial-cluster=e2e=" + peer,
				"--unsafe-no-fsync",
				"--log-level=warn",
			}
		},
		ready: func(ctx context.Context) error { return get(ctx, http.DefaultClient, client+"/readyz") },
	}
}

// get asks for a URL and returns an error unless it answers 200.
func get(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
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
