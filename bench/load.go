package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// protocol is the HTTP that requests are sent in.
type protocol struct {
	name  string
	major int
}

// protocols are those that an API server speaks: the first one to a webhook that
// is a Service, the second one to a webhook that is a URL.
func protocols() []protocol { return []protocol{{"HTTP/1.1", 1}, {"HTTP/2", 2}} }

// newClient returns a client that speaks one protocol, keeps its connections, and
// trusts the certificate in a file.
func newClient(p protocol, certificate string) (*http.Client, error) {
	text, err := os.ReadFile(certificate)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", certificate)
	}
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if p.major == 1 {
		return &http.Client{Transport: &roundTripper{config: config, idle: map[string][]*connection{}}}, nil
	}
	var spoken http.Protocols
	spoken.SetHTTP2(true)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, Protocols: &spoken}}, nil
}

// post sends a review and returns the answer's body.
func post(ctx context.Context, c *http.Client, p protocol, url string, review []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(review))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, */*")
	req.Header.Set("Accept-Encoding", "gzip") // as an API server's client says
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(resp.Body)
	if failed := errors.Join(err, resp.Body.Close()); failed != nil {
		return nil, failed
	}
	if resp.StatusCode != http.StatusOK || resp.ProtoMajor != p.major {
		return nil, fmt.Errorf("answered %s %s, want %s 200: %s", resp.Proto, resp.Status, p.name, strings.TrimSpace(string(text)))
	}
	return text, nil
}

// postAll sends a review so many times, from several clients at once, and returns
// how long each of them waited. The error is the first that one of them met.
func postAll(
	ctx context.Context, c *http.Client, p protocol, url string, review []byte, clients, requests int,
) ([]time.Duration, error) {
	waits := make([]time.Duration, requests)
	var answered atomic.Int64
	err := atOnce(ctx, clients, requests, func(ctx context.Context) error {
		start := time.Now()
		_, err := post(ctx, c, p, url, review)
		waits[answered.Add(1)-1] = time.Since(start)
		return err
	})
	return waits, err
}

// percentile returns the least of the durations that so many percent of them do
// not exceed, in nanoseconds. It sorts them; there has to be one.
func percentile(list []time.Duration, percent int) float64 {
	slices.Sort(list)
	return float64(list[(len(list)*percent+99)/100-1])
}

// atOnce does something so many times, several at once. The error is the first
// that there was.
func atOnce(ctx context.Context, clients, requests int, do func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var begun atomic.Int64
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			for begun.Add(1) <= int64(requests) {
				if err := do(ctx); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}
