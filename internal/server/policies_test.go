package server

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gabion-security/gabion/internal/policy"
)

const (
	guardHead = "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityGuard\n"
	guardA    = guardHead + "metadata: {name: a}\nspec: {namespaces: {all: true}, lock: true}\n"
	guardB    = guardHead + "metadata: {name: b}\nspec: {namespaces: {all: true}, floor: {enforce: baseline}}\n"
)

// folder is the files of a folder by their names.
func folder(files map[string]string) fstest.MapFS {
	f := fstest.MapFS{}
	for name, text := range files {
		f[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return f
}

func TestPoliciesAreReplacedByWhatTheFolderHoldsForAWhile(t *testing.T) {
	t.Parallel()
	one, two, none := map[string]string{"a.yaml": guardA}, map[string]string{"a.yaml": guardA, "b.yaml": guardB}, map[string]string{"a.yaml": "# none\n"}
	broken := map[string]string{"a.yaml": guardHead}
	for name, c := range map[string]struct {
		begin    map[string]string
		readings []map[string]string // one after the other; the last one stays
		looks    int
		want     int    // guards in use in the end
		reloads  string // what was recorded: + is a success
		unready  string
	}{
		"the same":                         {one, []map[string]string{one}, 2, 1, "", ""},
		"one more":                         {one, []map[string]string{two}, 2, 2, "+", ""},
		"half of what is written":          {one, []map[string]string{broken, two}, 1, 1, "", ""},
		"that when it is written":          {one, []map[string]string{broken, two}, 2, 2, "+", ""},
		"what cannot be read":              {one, []map[string]string{broken}, 3, 1, "-", "older ones are in use: a.yaml, line 1: PodSecurityGuard"},
		"what can be read again":           {one, []map[string]string{broken, broken, one}, 3, 1, "-+", ""},
		"a folder that is empty":           {one, []map[string]string{nil}, 3, 1, "-", policy.ErrEmpty.Error()},
		"none, written down":               {one, []map[string]string{none}, 2, 0, "+", ""},
		"a folder that was empty all time": {nil, []map[string]string{nil}, 2, 0, "", ""},
		"the first in an empty folder":     {nil, []map[string]string{one}, 2, 1, "+", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			used, err := policy.ReadFolder(folder(c.begin))
			if err != nil && c.begin != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			reloads, inUse := "", used
			f := policyFollower{
				read: func() (policy.Set, error) {
					files := c.readings[0]
					c.readings = c.readings[min(1, len(c.readings)-1):]
					return policy.ReadFolder(folder(files))
				},
				wait: func(context.Context, time.Duration) {},
				use:  func(p policy.Set) { inUse = p },
				reloaded: func(success bool) {
					reloads += map[bool]string{true: "+", false: "-"}[success]
				},
				log: slog.New(slog.NewTextHandler(&log, nil)), used: used, last: policyReading{policies: used},
			}
			for range c.looks {
				f.look(t.Context())
			}
			unready := f.notReady()
			if inUse.Guards.Len() != c.want || reloads != c.reloads || !strings.Contains(unready, c.unready) || (c.unready == "") != (unready == "") {
				t.Errorf("%d guards after %q, not ready: %q; want %d after %q, %q", inUse.Guards.Len(), reloads, unready, c.want, c.reloads, c.unready)
			}
			if (reloads == "") != (log.Len() == 0) {
				t.Errorf("the log has %q", log.String())
			}
		})
	}
	if reason := (*policyFollower)(nil).notReady(); reason != "" {
		t.Errorf("without a folder: %s", reason)
	}
}
