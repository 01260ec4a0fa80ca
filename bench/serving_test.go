package main

import (
	"testing"
	"time"
)

func TestTheMemoryOfAServerThatKnowsAllPodsIsMeasured(t *testing.T) {
	t.Parallel()
	got, err := measureServing(t.Context(), &podServer{pods: 1200, templates: 24}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if got.pods != 1200 || got.templates != 24 || got.anonymous <= 5 || got.atMost <= got.anonymous {
		t.Errorf("got %+v", got)
	}
	t.Logf("%+v", got)
}
