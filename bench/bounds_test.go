package main

import (
	"math"
	"strings"
	"testing"
)

func TestARowOutOfBoundsIsAnError(t *testing.T) {
	t.Parallel()
	row := func(name string, overConstant, overUpstream float64) webhookRow {
		r := measuredRow(name, usualClients)
		r.gabion = []turn{{processor: 100}}
		r.constant, r.upstream = []turn{{processor: 100 / overConstant}}, []turn{{processor: 100 / overUpstream}}
		return r
	}
	for _, tt := range []struct {
		row  webhookRow
		want string
	}{
		{row("HTTP/1.1", 1.499, 0.449), ""},
		{row("HTTP/1.1", 1.51, 0.2), "1.2 KB, allowed: 1.51x of the constant handler and 0.20x of upstream, and the bounds are 1.50x and 0.45x"},
		{row("HTTP/1.1", 1.2, 0.46), "1.2 KB, allowed: 1.20x of the constant handler and 0.46x of upstream, and the bounds are 1.50x and 0.45x"},
		{row("HTTP/1.1", math.NaN(), 0.2), "1.2 KB, allowed: NaNx of the constant handler and 0.20x of upstream, and the bounds are 1.50x and 0.45x"},
	} {
		got := ""
		if err := demandBounds([]webhookRow{tt.row, row("HTTP/2", 3, 3)}); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
	rows := []webhookRow{row("HTTP/1.1", 1.51, 0.2), row("HTTP/1.1", 1.2, 0.46), row("HTTP/1.1", 1.2, 0.2)}
	if got := renderOutOfBounds(rows); strings.Count(got, "\n- 1.2 KB, allowed: ") != 2 || !strings.Contains(got, "it ended with 1") {
		t.Errorf("not both rows are named:\n%s", got)
	}
	if got := renderOutOfBounds(rows[2:]); !strings.Contains(got, "within the bounds") {
		t.Errorf("got %s", got)
	}
	if err := demandBounds([]webhookRow{row("HTTP/2", 1, 0.1)}); err == nil {
		t.Error("nothing over HTTP/1.1 was measured, and nobody says so")
	}
}
