package parity_test

import (
	"context"
	"fmt"
	"net/http"
)

// player plays a sequence of requests.
type player struct {
	*pair

	tally tally
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
	if diff := difference(r, plugin, gabion); diff != "" {
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

// String shows an answer, for people and for what a script expects of it.
func (a answer) String() string {
	return fmt.Sprintf("%d %s %s warnings %q annotations %q", a.Code, a.Reason, a.Message, a.Warnings, a.Annotations)
}
