package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
)

// webhookOptions say how much is measured.
type webhookOptions struct {
	// rounds are how often each server has its turn, in each of which it answers
	// so many requests of a kind, fewer if they are large.
	rounds, requests int
}

// kind is one kind of request.
type kind struct {
	protocol protocol
	size     int // bytes of a review
	allowed  bool
	clients  int // that send them at once
}

// usualClients are how many clients there are where that is not the question,
// manyClients the most.
const usualClients, manyClients = 16, 64

// usual are the kinds that README.md shows too.
func (k kind) usual() bool { return k.protocol.major == 1 && k.clients == usualClients }

// review names what is asked.
func (k kind) review() string {
	size := fmt.Sprintf("%d KB", k.size/1000)
	if k.size < 10_000 {
		size = fmt.Sprintf("%.1f KB", float64(k.size)/1000)
	}
	if k.allowed {
		return size + ", allowed"
	}
	return size + ", denied"
}

// sentBy names who asks.
func (k kind) sentBy() string {
	if k.clients == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", k.clients)
}

func (k kind) name() string { return k.protocol.name + ", " + k.review() + ", " + k.sentBy() }

// requests is how many of the kind are sent at a time, if it is so many small
// ones, and one of each client at least.
func (k kind) requests(small int) int {
	switch {
	case k.size > 100_000:
		small /= 10
	case k.size > 10_000:
		small = small * 2 / 5
	}
	return max(small, k.clients)
}

// kinds are all that is measured: everything over HTTP/1.1, as API servers ask
// Services, and what is usual over HTTP/2.
func kinds() []kind {
	var list []kind
	add := func(p protocol, sizes, clients []int) {
		for _, size := range sizes {
			for _, allowed := range []bool{true, false} {
				for _, n := range clients {
					list = append(list, kind{p, size, allowed, n})
				}
			}
		}
	}
	add(protocols()[0], []int{1200, 4200, 16_000, 256_000}, []int{1, usualClients, manyClients})
	add(protocols()[1], []int{1200, 4200}, []int{usualClients})
	return list
}

// turn is what was measured when a server answered the requests of a kind once.
type turn struct {
	perSecond float64
	p50, p99  float64 // nanoseconds that a client waited
	processor float64 // nanoseconds of processor time that the server took for a request
}

// webhookRow is what was measured of one kind of request: the turns that each
// server had.
type webhookRow struct {
	kind
	constant, upstream, gabion []turn
}

// sum sums up one of the figures of a server's turns.
func sum(turns []turn, figure func(turn) float64) sample {
	series := make([]float64, len(turns))
	for i, t := range turns {
		series[i] = figure(t)
	}
	return summarise(series)
}

// over sums up what Gabion's figure is in proportion to another's, round by round.
func (r *webhookRow) over(other []turn, figure func(turn) float64) sample {
	return proportion(r.gabion, other, figure)
}

// floor is the same of the constant answer to upstream: whoever answers in as much as
// a constant does is there.
func (r *webhookRow) floor(figure func(turn) float64) sample {
	return proportion(r.constant, r.upstream, figure)
}

func proportion(one, other []turn, figure func(turn) float64) sample {
	series := make([]float64, len(one))
	for i, t := range one {
		series[i] = figure(t) / figure(other[i])
	}
	return summarise(series)
}

func processor(t turn) float64 { return t.processor }
func perSecond(t turn) float64 { return t.perSecond }
func p50(t turn) float64       { return t.p50 }
func p99(t turn) float64       { return t.p99 }

// exchange is a kind of request with what it takes to send them.
type exchange struct {
	kind
	client *http.Client
	body   []byte
}

// measureWebhooks starts the webhooks and measures them side by side: in every
// round each of them has its turn with each kind of request, in an order that
// changes from round to round. In the end it looks at their memory.
func measureWebhooks(ctx context.Context, o webhookOptions) (rows []webhookRow, memory []serverMemory, err error) {
	s, err := startServers(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	exchanges, err := s.exchanges()
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		for _, e := range exchanges {
			e.client.CloseIdleConnections()
		}
	}()
	rows = make([]webhookRow, len(exchanges))
	for i, e := range exchanges {
		if err := s.agree(ctx, e); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", e.name(), err)
		}
		rows[i].kind = e.kind
	}
	for round := -1; round < o.rounds; round++ { // the first one warms up
		for i, e := range exchanges {
			if err := s.round(ctx, e, round, o.requests, &rows[i]); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", e.name(), err)
			}
		}
	}
	memory, err = s.memory()
	return rows, memory, err
}

// round gives each server its turn with one kind of request.
func (s *servers) round(ctx context.Context, e exchange, round, requests int, row *webhookRow) error {
	all := []struct {
		server
		turns *[]turn
	}{{s.constant, &row.constant}, {s.upstream, &row.upstream}, {s.gabion, &row.gabion}}
	for i := range all {
		each := all[(i+round+len(all))%len(all)]
		t, err := takeTurn(ctx, each.server, e, requests)
		if err != nil {
			return err
		}
		if round >= 0 {
			*each.turns = append(*each.turns, t)
		}
	}
	return nil
}

// exchanges returns what is measured.
func (s *servers) exchanges() ([]exchange, error) {
	clients := map[protocol]*http.Client{}
	for _, p := range protocols() {
		var err error
		if clients[p], err = newClient(p, s.certificate); err != nil {
			return nil, err
		}
	}
	var list []exchange
	for _, k := range kinds() {
		body, err := reviewOfSize(k.size, k.allowed)
		if err != nil {
			return nil, err
		}
		list = append(list, exchange{k, clients[k.protocol], body})
	}
	return list, nil
}

// takeTurn has a server answer requests.
func takeTurn(ctx context.Context, s server, e exchange, requests int) (turn, error) {
	n := e.requests(requests)
	before, err := cpuTime(s.PID())
	if err != nil {
		return turn{}, errors.Join(err, s.Err())
	}
	start := time.Now()
	waits, err := postAll(ctx, e.client, e.protocol, s.url+"?timeout=30s", e.body, e.clients, n)
	took := time.Since(start)
	if err != nil {
		return turn{}, errors.Join(err, s.Err())
	}
	after, err := cpuTime(s.PID())
	return turn{
		perSecond: float64(n) / took.Seconds(), p50: percentile(waits, 50), p99: percentile(waits, 99),
		processor: float64((after - before).Nanoseconds()) / float64(n),
	}, err
}

// serverMemory is what a server has resident, in MiB: all of it, and the part that
// is not of files.
type serverMemory struct {
	name                string
	resident, anonymous float64
}

// memory looks at what the servers have resident.
func (s *servers) memory() ([]serverMemory, error) {
	list := []serverMemory{{name: "constant answer"}, {name: "upstream"}, {name: "gabion"}}
	for i, each := range []server{s.constant, s.upstream, s.gabion} {
		var faults [2]error
		list[i].resident, faults[0] = memoryOf(each.PID(), "VmRSS")
		list[i].anonymous, faults[1] = memoryOf(each.PID(), "RssAnon")
		if err := errors.Join(faults[:]...); err != nil {
			return nil, errors.Join(err, each.Err())
		}
	}
	return list, nil
}

// agree fails unless upstream and Gabion answer the same, and what is expected.
func (s *servers) agree(ctx context.Context, e exchange) error {
	theirs, _, err := answer(ctx, s.upstream, e)
	if err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	ours, allowed, err := answer(ctx, s.gabion, e)
	if err != nil {
		return fmt.Errorf("gabion: %w", err)
	}
	if theirs != ours || allowed != e.allowed {
		return fmt.Errorf("the answers differ, or are not the expected one:\nupstream: %s\ngabion:   %s", theirs, ours)
	}
	return nil
}

// answer returns what a webhook answers, in a form that can be compared.
func answer(ctx context.Context, s server, e exchange) (text string, allowed bool, err error) {
	body, err := post(ctx, e.client, e.protocol, s.url, e.body)
	if err != nil {
		return "", false, err
	}
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(body, &review); err != nil {
		return "", false, err
	}
	if review.Response == nil {
		return "", false, fmt.Errorf("an answer without a response: %s", body)
	}
	compared, err := json.Marshal(review.Response)
	return string(compared), review.Response.Allowed, err
}
