package webhook

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// listOf returns a body with so many objects in a list.
func listOf(n int) []byte {
	return []byte("[" + strings.TrimSuffix(strings.Repeat("{},", n), ",") + "]")
}

func TestTheCostOfAReviewIsThatOfItsValuesNotOfItsBytes(t *testing.T) {
	t.Parallel()
	const million = 1 << 20
	filler := cost([]byte(`{"a":"` + strings.Repeat("x", 7*million) + `"}`))
	if filler > maxSentencesCost+listItemCost {
		t.Errorf("7 MiB of text cost %d", filler)
	}
	if n := cost(listOf(million)); n < million*(listItemCost+valueCost)-valueCost {
		t.Errorf("a million containers cost %d", n)
	}
	if n := cost([]byte(strings.Repeat(` {"a": {}}`, million))); n < million*listItemCost {
		t.Errorf("what white space stands before costs %d", n)
	}
	if n := cost([]byte("[" + strings.Repeat("null,", million) + "null]")); n < million*(listItemCost+valueCost) {
		t.Errorf("a million times null in a list costs %d", n)
	}
	managed := strings.Repeat(`"f:a":{},"at":null,`, 1000)
	if n := cost([]byte(managed)); n > 2000*valueCost+sentenceCost*int64(len(managed)) {
		t.Errorf("the fields of a manager cost %d", n)
	}
}

// TestReviewsOfManyValuesWaitForEachOtherAndForNobodyElse begins as many as there
// is room for.
func TestReviewsOfManyValuesWaitForEachOtherAndForNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWork()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		large := listOf(50_000) // 36 MiB and more
		first, f := w.begin(ctx, large)
		if f != nil {
			t.Fatal(f.text)
		}
		if _, f := w.begin(ctx, large); f == nil || f.status != http.StatusTooManyRequests || ctx.Err() == nil {
			t.Errorf("the second had room beside the first: %v", f)
		}
		small, f := w.begin(ctx, []byte("{}"))
		if f != nil {
			t.Fatalf("a small one had to wait: %s", f.text)
		}
		small.leave()
		waited := make(chan *fault, 1)
		go func() {
			second, f := w.begin(t.Context(), large)
			if f == nil {
				second.leave()
			}
			waited <- f
		}()
		synctest.Wait()
		first.leave()
		if f := <-waited; f != nil {
			t.Error(f.text)
		}
		if _, f := w.begin(t.Context(), listOf(200_000)); f == nil || f.status != http.StatusRequestEntityTooLarge {
			t.Errorf("there was room for 200,000: %v", f)
		}
	})
}
