package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gabion-security/gabion/e2e/binaries"
)

// soakOptions say how long it takes.
type soakOptions struct {
	// requests are how many reviews are answered, of so many clients at once, and
	// samples how often it is looked at what the server holds meanwhile.
	requests, clients, samples int
	// stream is how many bytes of pods gabion check is given in one List.
	stream int64
}

// held is what a server holds after so many answers.
type held struct {
	answered          int
	memory            float64 // anonymous, resident, MiB
	goroutines, files int
}

// soaked is the result.
type soaked struct {
	before, after held // without any client
	during        []held
	took          time.Duration
	stream        streamed
}

// soak has gabion serve answer reviews of pods that all differ, and gabion check
// read a List of pods, and returns what they hold.
func soak(ctx context.Context, o soakOptions) (_ *soaked, err error) {
	s, err := startGabionAlone(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	client, err := newClient(protocols()[0], s.certificate)
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	reviews, err := soakReviews()
	if err != nil {
		return nil, err
	}
	var result soaked
	if result.before, err = s.held(ctx, 0); err != nil {
		return nil, err
	}
	var sent atomic.Uint32
	next := func() []byte { n := sent.Add(1); return reviews[int(n)%len(reviews)](n) }
	start := time.Now()
	for i := range o.samples {
		n := o.requests*(i+1)/o.samples - o.requests*i/o.samples
		if err := postEach(ctx, client, protocols()[0], s.gabion.url, next, o.clients, n); err != nil {
			return nil, err
		}
		now, err := s.held(ctx, int(sent.Load()))
		if err != nil {
			return nil, err
		}
		result.during = append(result.during, now)
	}
	result.took = time.Since(start)
	client.CloseIdleConnections()
	if result.after, err = s.settled(ctx, result.before, int(sent.Load())); err != nil {
		return nil, err
	}
	program, err := binaries.Gabion(ctx, s.cluster.Dir())
	if err != nil {
		return nil, err
	}
	result.stream, err = stream(ctx, program, o.stream)
	return &result, err
}

// soakReviews are reviews of several kinds, each of which is another for every
// number: its request, and its pod down to what is looked at.
func soakReviews() ([]func(uint32) []byte, error) {
	var kinds []func(uint32) []byte
	for _, kind := range []struct {
		size    int
		allowed bool
	}{{1200, true}, {4200, true}, {1200, false}, {16_000, true}} {
		review, err := reviewOfSize(kind.size, kind.allowed)
		if err != nil {
			return nil, err
		}
		const uid = "705ab4f5"
		container := `"containers":[{"name":"` + passingPod().Spec.Containers[0].Name
		if !bytes.Contains(review, []byte(uid)) || !bytes.Contains(review, []byte(container)) {
			return nil, errors.New("the review has no place for a number")
		}
		kinds = append(kinds, func(n uint32) []byte {
			number := fmt.Appendf(nil, "%08x", n)
			one := bytes.Replace(review, []byte(uid), number, 1)
			return bytes.Replace(one, []byte(container), fmt.Appendf(nil, "%s-%s", container, number), 1)
		})
	}
	return kinds, nil
}

// held looks at what the server holds.
func (s *servers) held(ctx context.Context, answered int) (held, error) {
	pid := s.gabion.PID()
	memory, err := memoryOf(pid, "RssAnon")
	if err != nil {
		return held{}, err
	}
	files, err := openFiles(pid)
	if err != nil {
		return held{}, err
	}
	metrics, err := s.served.Get(ctx, "/metrics")
	if err != nil {
		return held{}, err
	}
	_, rest, _ := strings.Cut(metrics, "\ngo_goroutines ")
	line, _, _ := strings.Cut(rest, "\n")
	goroutines, err := strconv.Atoi(line)
	if err != nil {
		return held{}, fmt.Errorf("the metrics do not say how many goroutines there are: %w", err)
	}
	return held{answered, memory, goroutines, files}, nil
}

// settled waits until the server holds no more than before, as it does soon after
// the clients have left, and returns what it holds then.
func (s *servers) settled(ctx context.Context, before held, answered int) (held, error) {
	for deadline := time.Now().Add(30 * time.Second); ; {
		now, err := s.held(ctx, answered)
		if err != nil || now.goroutines <= before.goroutines && now.files <= before.files || time.Now().After(deadline) {
			return now, err
		}
		select {
		case <-ctx.Done():
			return held{}, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// What may come and go meanwhile: goroutines or files, and MiB of garbage.
const (
	few     = 8
	garbage = 8
)

// demandFlat says what grows. What was held in the first quarter is not counted:
// caches fill.
func (r *soaked) demandFlat() error {
	n := len(r.during)
	if n < 4 {
		return errors.New("it takes four looks at least to see whether anything grows")
	}
	early, late := r.during[n/4:n/2], r.during[n-n/4:]
	var faults []error
	for _, each := range []struct {
		name  string
		of    func(held) float64
		slack float64
	}{
		{"MiB of memory", func(h held) float64 { return h.memory }, garbage},
		{"goroutines", func(h held) float64 { return float64(h.goroutines) }, few},
		{"files", func(h held) float64 { return float64(h.files) }, few},
	} {
		most := each.of(slices.MaxFunc(early, func(a, b held) int { return cmp.Compare(each.of(a), each.of(b)) }))
		least := each.of(slices.MinFunc(late, func(a, b held) int { return cmp.Compare(each.of(a), each.of(b)) }))
		if least > most+each.slack {
			faults = append(faults, fmt.Errorf("%s grow from %.0f to %.0f", each.name, most, least))
		}
	}
	if r.after.goroutines > r.before.goroutines || r.after.files > r.before.files {
		faults = append(faults, fmt.Errorf("%d goroutines and %d files are left of the clients; there were %d and %d before them",
			r.after.goroutines, r.after.files, r.before.goroutines, r.before.files))
	}
	if r.stream.memory > mostStreaming {
		faults = append(faults, fmt.Errorf("gabion check has %.0f MiB in memory, and %d is the bound", r.stream.memory, mostStreaming))
	}
	return errors.Join(faults...)
}

// runSoak soaks, writes what was seen, and brings docs/performance.md up to date.
func runSoak(ctx context.Context, stdout io.Writer, o options) error {
	result, err := soak(ctx, o.soak)
	if err != nil {
		return err
	}
	text := result.render(thisMachine(), time.Now())
	if _, err := io.WriteString(stdout, text); err != nil {
		return err
	}
	if err := result.demandFlat(); err != nil {
		return err
	}
	if o.root == "" {
		return nil
	}
	return update(filepath.Join(o.root, "docs", "performance.md"), soakBegin, soakEnd, text)
}

// postEach is postAll with another review each time.
func postEach(ctx context.Context, c *http.Client, p protocol, url string, next func() []byte, clients, requests int) error {
	return atOnce(ctx, clients, requests, func(ctx context.Context) error {
		_, err := post(ctx, c, p, url, next())
		return err
	})
}
