package admission

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/gabion-security/gabion/pss"
)

// world is a cluster and what was counted in it.
type world struct {
	namespaces map[string]map[string]string
	pods       map[string][]ExistingPod
	mu         sync.Mutex
	lookups    int
	events     []string
}

var (
	errLookup = errors.New("no such namespace")
	errList   = errors.New("not synced")
)

func (w *world) Labels(_ context.Context, name string) (map[string]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lookups++
	if labels, ok := w.Known(name); ok {
		return labels, nil
	}
	return nil, errLookup
}

func (w *world) Known(name string) (map[string]string, bool) {
	labels, ok := w.namespaces[name]
	return labels, ok
}

func (w *world) Pods(_ context.Context, namespace string) ([]ExistingPod, error) {
	if pods, ok := w.pods[namespace]; ok {
		return append([]ExistingPod(nil), pods...), nil
	}
	return nil, errList
}

func (w *world) record(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, fmt.Sprintf(format, args...))
}

func (w *world) RecordEvaluation(e Evaluation) {
	w.record("%s %s %s:%s %s %s%s", e.Decision, e.Mode, e.Level, e.Version, e.Operation, e.Resource, slash(e.Subresource))
}

func (w *world) RecordExemption(l Labels) {
	w.record("exempt %s %s%s", l.Operation, l.Resource, slash(l.Subresource))
}

func (w *world) RecordError(fatal bool, l Labels) {
	w.record("error fatal=%t %s %s%s", fatal, l.Operation, l.Resource, slash(l.Subresource))
}

func (w *world) RecordProfileRefusal(name string)  { w.record("profile %s", name) }
func (w *world) RecordException(name, mode string) { w.record("exception %s %s", name, mode) }

func slash(subresource string) string {
	if subresource == "" {
		return ""
	}
	return "/" + subresource
}

// newWorld makes a cluster with a namespace for each level, and some others.
func newWorld() *world {
	return &world{
		namespaces: map[string]map[string]string{
			"default":    nil,
			"exempt":     {pss.EnforceLabel: "restricted"},
			"privileged": {pss.EnforceLabel: "privileged", pss.EnforceVersionLabel: "v1.30"},
			"baseline":   {pss.EnforceLabel: "baseline", pss.EnforceVersionLabel: "v1.20", pss.WarnLabel: "restricted", pss.AuditLabel: "restricted"},
			"restricted": {pss.EnforceLabel: "restricted", pss.AuditLabel: "restricted"},
			"audited":    {pss.AuditLabel: "baseline", pss.AuditVersionLabel: "v1.99"},
			"broken":     {pss.EnforceLabel: "strict", pss.WarnLabel: "baseline"},
			"enforcing":  {pss.EnforceLabel: "baseline", pss.WarnLabel: "privileged"},
		},
		pods: map[string][]ExistingPod{},
	}
}

// controller makes a Controller of the cluster.
func (w *world) controller(t testing.TB) *Controller {
	t.Helper()
	config := DefaultConfig()
	config.Exemptions = NewExemptions([]string{"root"}, []string{"exempt", "absent"}, []string{"kata"})
	c, err := New(Options{Config: config, Namespaces: w, Pods: w, Recorder: w})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
