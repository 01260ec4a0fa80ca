package main

import (
	"errors"
	"fmt"
)

// What Gabion may take at most for a small pod, over HTTP/1.1, as API servers ask
// Services. The targets are lower; this is what make bench fails by.
const (
	mostOverConstant = 1.5
	mostOverUpstream = 0.45
	mostBoundSize    = 4200 // bytes of a review
)

// demandBounds says which rows are out of bounds.
func demandBounds(rows []webhookRow) error {
	var faults []error
	measured := false
	for i := range rows {
		r := &rows[i]
		if r.protocol.major != 1 || r.clients != usualClients || r.size > mostBoundSize {
			continue
		}
		measured = true
		constant, upstream := toConstant(r), toUpstream(r)
		if within := constant <= mostOverConstant && upstream <= mostOverUpstream; !within {
			faults = append(faults, fmt.Errorf("%s: %.2fx of the constant handler and %.2fx of upstream, and the bounds are %.2fx and %.2fx",
				r.review(), constant, upstream, mostOverConstant, mostOverUpstream))
		}
	}
	if !measured {
		return errors.New("nothing was measured over HTTP/1.1, for which there are bounds")
	}
	return errors.Join(faults...)
}
