package parity_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// player plays a sequence of requests.
type player struct {
	*pair

	tally tally
	// verdicts has only verdicts compared, and not the words in which a violation
	// is described: those of older releases are others.
	verdicts bool
	// lacks are the classes of answers that these API servers never give.
	lacks []string
	// podsChanged tells that pods were written since both heard of all of them.
	podsChanged bool
}

func newPlayer(p *pair) *player { return &player{pair: p, tally: tally{}} }

// play sends a request to both, when both know of all that was written before,
// and returns the plugin's answer and how Gabion's differs from what it has to
// be.
func (p *player) play(ctx context.Context, r *request) (plugin answer, diff string, err error) {
	if p.podsChanged && r.resource == "namespaces" {
		if err := p.heardOfPods(ctx); err != nil {
			return plugin, "", err
		}
		p.podsChanged = false
	}
	plugin, gabion, err := p.ask(ctx, r)
	if err != nil {
		return plugin, "", err
	}
	p.tally.add(r, plugin)
	compared, with := plugin, gabion
	if p.verdicts {
		compared, with = plugin.verdict(), gabion.verdict()
	}
	if diff := difference(r, compared, with); diff != "" {
		return plugin, diff, nil
	}
	if plugin.Code < http.StatusBadRequest && !r.isDry() {
		switch r.resource {
		case "namespaces":
			err = p.heardOfNamespaces(ctx)
		case "pods":
			p.podsChanged = true
		}
	}
	return plugin, "", err
}

// String shows what an answer of the plugin says, for people and for what a
// script expects of it: "201; exempt=user".
func (a answer) String() string {
	parts := []string{strconv.Itoa(a.Code)}
	if a.Code >= http.StatusBadRequest {
		parts = append(parts, fmt.Sprintf("%s: %s", a.Reason, a.Message))
	}
	for _, w := range a.Warnings {
		parts = append(parts, "Warning: "+w)
	}
	for _, key := range slices.Sorted(maps.Keys(a.Annotations)) {
		if short, ok := strings.CutPrefix(key, pluginPrefix); ok {
			parts = append(parts, short+"="+a.Annotations[key])
		}
	}
	if len(parts) == 1 {
		parts = append(parts, "and nothing more")
	}
	return strings.Join(parts, "; ")
}
