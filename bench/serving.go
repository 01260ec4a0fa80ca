package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/serve"
)

// serving is what the whole of gabion serve has in memory, in MiB, while it knows
// so many pods.
type serving struct {
	pods, templates int
	// anonymous is what is resident, and not of files, after a collection;
	// atMost is all that was ever resident, when the pods were listed.
	anonymous, atMost float64
}

// A Go program collects its garbage every two minutes at least, and gives back to
// the system in the background what it then has too much.
const (
	collected = 130 * time.Second
	settledIn = 10 * time.Minute
	settled   = 15 // looks, one a second, that differ by a MiB at most
)

// measureServing starts the program on a real API server, whose namespaces and
// pods are those of a podServer, and looks at its memory when it knows them all,
// has run for a while, and nothing more is given back.
func measureServing(ctx context.Context, pods *podServer, atLeast time.Duration) (_ serving, err error) {
	c, err := cluster.Start(ctx, cluster.Options{WithoutPodSecurity: true})
	if err != nil {
		return serving{}, err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	kubeconfig, end, err := c.Detour(pods.before)
	if err != nil {
		return serving{}, err
	}
	defer end()
	credentials, err := serve.WriteCredentials(c.Dir())
	if err != nil {
		return serving{}, err
	}
	program, err := binaries.Gabion(ctx, c.Dir())
	if err != nil {
		return serving{}, err
	}
	s, err := serve.Prepare(c, program, "gabion", kubeconfig, append(credentials, "--log-format=json")...)
	if err != nil {
		return serving{}, err
	}
	if err := s.Start(ctx); err != nil {
		return serving{}, err
	}
	defer func() { err = errors.Join(err, s.Kill(context.Background())) }()
	return pods.heldBy(ctx, s, atLeast)
}

// before answers what is asked of all namespaces and pods, and passes on the rest.
func (p *podServer) before(api http.Handler) http.Handler {
	all := http.NewServeMux()
	all.Handle("GET /api/v1/namespaces", p)
	all.Handle("GET /api/v1/pods", p)
	all.Handle("/", api)
	return all
}

// heldBy returns what a server that is ready has in memory when that has settled.
func (p *podServer) heldBy(ctx context.Context, s *serve.Server, atLeast time.Duration) (serving, error) {
	metrics, err := s.Get(ctx, "/metrics")
	if err != nil {
		return serving{}, err
	}
	if want := fmt.Sprintf("\ngabion_cache_objects{resource=\"pods\"} %s\n", metric(p.pods)); !strings.Contains(metrics, want) {
		return serving{}, fmt.Errorf("the server does not know all pods: its metrics have no line%s", want)
	}
	start := time.Now()
	last, same := 0.0, 0
	for same < settled || time.Since(start) < atLeast {
		if time.Since(start) > settledIn {
			return serving{}, errors.New("the memory does not settle")
		}
		select {
		case <-ctx.Done():
			return serving{}, ctx.Err()
		case <-time.After(time.Second):
		}
		now, err := memoryOf(s.PID(), "RssAnon")
		if err != nil {
			return serving{}, errors.Join(err, s.Err())
		}
		if same++; now < last-1 || now > last+1 {
			last, same = now, 0
		}
	}
	atMost, err := memoryOf(s.PID(), "VmHWM")
	return serving{p.pods, p.templates, last, atMost}, err
}

// metric is a number as metrics have it.
func metric(n int) string { return strconv.FormatFloat(float64(n), 'g', -1, 64) }
