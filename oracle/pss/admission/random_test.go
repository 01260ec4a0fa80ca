package admission

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/gabion-security/gabion/oracle/pss/generate"
	"github.com/gabion-security/gabion/workload"
)

// number reads a number from the environment.
func number(t testing.TB, name string, otherwise uint64) uint64 {
	t.Helper()
	text, ok := os.LookupEnv(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// tally counts what the random requests were.
type tally struct{ all, odd, denied, warned, audited, exempt, failed atomic.Uint64 }

func TestRandomRequestsGetUpstreamsAnswer(t *testing.T) {
	t.Parallel()
	const worlds, each = 240, 100
	seed := number(t, "GABION_SEED", rand.Uint64())
	first, count := uint64(0), uint64(worlds)
	if _, ok := os.LookupEnv("GABION_WORLD"); ok {
		first, count = number(t, "GABION_WORLD", 0), 1
	}
	t.Logf("GABION_SEED=%d", seed)
	var sum tally
	t.Cleanup(func() { // when all worlds are through
		sum.check(t, count == worlds)
	})
	for n := first; n < first+count; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			compareWorld(t, seed, n, each, &sum)
		})
	}
}

// check logs what the requests were, and demands that they were many of each.
func (s *tally) check(t *testing.T, complete bool) {
	t.Helper()
	ordinary := s.all.Load() - s.odd.Load()
	t.Logf("%d requests: %d of ordinary values, %d denied, %d with warnings, %d with violations in the audit log, %d exempt, %d with an error",
		s.all.Load(), ordinary, s.denied.Load(), s.warned.Load(), s.audited.Load(), s.exempt.Load(), s.failed.Load())
	if !complete || t.Failed() {
		return
	}
	for name, n := range map[string]uint64{
		"ordinary": ordinary, "odd": s.odd.Load(), "denied": s.denied.Load(), "warned": s.warned.Load(),
		"audited": s.audited.Load(), "exempt": s.exempt.Load(), "failed": s.failed.Load(),
	} {
		if n < 500 {
			t.Errorf("only %d requests are %s: the generator makes requests that are too much alike", n, name)
		}
	}
}

// compareWorld asks both controllers in one random world.
func compareWorld(t *testing.T, seed, n, each uint64, sum *tally) {
	t.Helper()
	g := generate.New(seed, n)
	w := newWorld(t, configs[g.IntN(len(configs))], newest-g.IntN(2)*g.IntN(20))
	w.fill(g)
	reader, err := workload.NewReader(workload.Options{Stored: true})
	if err != nil {
		t.Fatal(err)
	}
	q := &requests{Generator: g, world: w, reader: reader, t: t}
	d := decoder(t)
	for i := range each {
		r, odd := q.next()
		ours, theirs := w.ask(d, r)
		if diff := difference(ours, theirs, odd); diff != "" {
			t.Fatalf("request %d (again: GABION_SEED=%d GABION_WORLD=%d): upstream -, Gabion +:\n%s\n%s %v/%s in %q by %q on 1.%d\nlabels %q\nobject %s\nold %s",
				i, seed, n, diff, r.Operation, r.Resource, r.RequestSubResource, r.Namespace, r.UserInfo.Username, w.version.Minor(),
				w.namespaces[r.Namespace], r.Object.Raw, r.OldObject.Raw)
		}
		printable(t, ours)
		sum.add(ours, odd)
	}
}

func (s *tally) add(a answer, odd bool) {
	s.all.Add(1)
	if odd {
		s.odd.Add(1)
	}
	if a.Decision.Code == 403 || a.Decision.Code == 422 {
		s.denied.Add(1)
	}
	if len(a.Decision.Warnings) > 0 {
		s.warned.Add(1)
	}
	for _, x := range a.Decision.Annotations {
		switch x.Key {
		case "audit-violations":
			s.audited.Add(1)
		case "exempt":
			s.exempt.Add(1)
		case "error":
			s.failed.Add(1)
		}
	}
}

// printable demands that no text holds what an API server drops or a terminal
// obeys.
func printable(t *testing.T, a answer) {
	t.Helper()
	all := append([]string{a.Decision.Message}, a.Decision.Warnings...)
	for _, x := range a.Decision.Annotations {
		all = append(all, x.Value)
	}
	for _, s := range all {
		if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || !unicode.IsPrint(r) }) {
			t.Fatalf("not printable: %q", s)
		}
	}
}
