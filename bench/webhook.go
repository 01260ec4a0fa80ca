package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
)

// webhookOptions say how much is measured.
type webhookOptions struct {
	// rounds are how often each server has its turn, in each of which it answers
	// so many requests, of so many clients at once.
	rounds, requests, clients int
}

// webhookRow is what was measured of one kind of request.
type webhookRow struct {
	name string
	// constant, upstream and gabion are nanoseconds of processor time that the
	// server takes for a request.
	constant, upstream, gabion sample
	// overConstant and overUpstream are Gabion's time over theirs: the medians of
	// the rounds.
	overConstant, overUpstream sample
}

// What Gabion may take at most, over HTTP/1.1, as API servers ask Services.
const (
	mostOverConstant = 1.5
	mostOverUpstream = 0.45
)

// demandBounds says which rows are out of bounds.
func demandBounds(rows []webhookRow) error {
	var faults []error
	measured := false
	for i := range rows {
		r := &rows[i]
		if !strings.HasPrefix(r.name, protocols()[0].name) {
			continue
		}
		measured = true
		if within := r.overConstant.median <= mostOverConstant && r.overUpstream.median <= mostOverUpstream; !within {
			faults = append(faults, fmt.Errorf("%s: %.2fx of the constant handler and %.2fx of upstream, and the bounds are %.2fx and %.2fx",
				r.name, r.overConstant.median, r.overUpstream.median, mostOverConstant, mostOverUpstream))
		}
	}
	if !measured {
		return errors.New("nothing was measured over HTTP/1.1, for which there are bounds")
	}
	return errors.Join(faults...)
}

// exchange is one kind of request in one protocol.
type exchange struct {
	name     string
	protocol protocol
	client   *http.Client
	review   []byte
	allowed  bool
}

// measureWebhooks starts the webhooks and measures them side by side: in every
// round each of them has its turn with each kind of request, in an order that
// changes from round to round.
func measureWebhooks(ctx context.Context, o webhookOptions) (rows []webhookRow, err error) {
	s, err := startServers(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	exchanges, err := s.exchanges(o.clients)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, e := range exchanges {
			e.client.CloseIdleConnections()
		}
	}()
	for _, e := range exchanges {
		if err := s.agree(ctx, e); err != nil {
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
	}
	turns := []server{s.constant, s.upstream, s.gabion}
	series := make([][3][]float64, len(exchanges)) // of each exchange, of each server
	for round := -1; round < o.rounds; round++ {   // the first one warms up
		for i, e := range exchanges {
			for n := range turns {
				turn := (n + round + len(turns)) % len(turns)
				took, err := perRequest(ctx, turns[turn], e, o)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", e.name, err)
				}
				if round >= 0 {
					series[i][turn] = append(series[i][turn], took)
				}
			}
		}
	}
	for i, e := range exchanges {
		rows = append(rows, summariseWebhook(e.name, series[i][0], series[i][1], series[i][2]))
	}
	return rows, nil
}

// exchanges returns what is measured.
func (s *servers) exchanges(clients int) ([]exchange, error) {
	var list []exchange
	for _, p := range protocols() {
		client, err := newClient(p, s.certificate, clients)
		if err != nil {
			return nil, err
		}
		for _, size := range []int{1200, 4200} {
			for _, allowed := range []bool{true, false} {
				review, err := reviewOfSize(size, allowed)
				if err != nil {
					return nil, err
				}
				verdict := map[bool]string{true: "allowed", false: "denied"}[allowed]
				name := fmt.Sprintf("%s, %.1f KB, %s", p.name, float64(len(review))/1000, verdict)
				list = append(list, exchange{name, p, client, review, allowed})
			}
		}
	}
	return list, nil
}

// perRequest returns how many nanoseconds of its processor time a server takes
// for a request.
func perRequest(ctx context.Context, s server, e exchange, o webhookOptions) (float64, error) {
	before, err := cpuTime(s.PID())
	if err != nil {
		return 0, errors.Join(err, s.Err())
	}
	if err := postAll(ctx, e.client, e.protocol, s.url+"?timeout=5s", e.review, o.clients, o.requests); err != nil {
		return 0, errors.Join(err, s.Err())
	}
	after, err := cpuTime(s.PID())
	return float64((after - before).Nanoseconds()) / float64(o.requests), err
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
	body, err := post(ctx, e.client, e.protocol, s.url, e.review)
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

func summariseWebhook(name string, constant, upstream, gabion []float64) webhookRow {
	over := func(other []float64) sample {
		ratios := make([]float64, len(gabion))
		for i := range gabion {
			ratios[i] = gabion[i] / other[i]
		}
		return summarise(ratios)
	}
	return webhookRow{
		name:     name,
		constant: summarise(constant), upstream: summarise(upstream), gabion: summarise(gabion),
		overConstant: over(constant), overUpstream: over(upstream),
	}
}
