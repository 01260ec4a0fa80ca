package admission

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// Namespaces finds the labels of namespaces.
type Namespaces interface {
	// Labels returns the labels of a namespace, which are only read. An error
	// means that pods are refused.
	Labels(ctx context.Context, name string) (map[string]string, error)
	// Known returns the same if nobody has to be asked for it.
	Known(name string) (labels map[string]string, ok bool)
}

// Pods finds the pods that exist.
type Pods interface {
	// Pods returns all pods of a namespace, in any order; the slice becomes the
	// caller's. An error means that they are not known completely.
	Pods(ctx context.Context, namespace string) ([]ExistingPod, error)
}

// ExistingPod is one pod of a namespace.
type ExistingPod struct {
	Name string
	// Pod is only read. Pods of one view may share it; it is judged only once.
	Pod          *pss.Pod
	RuntimeClass string
	// Extra is what is known of the pod beyond that, for exceptions; nil if it is
	// not known, and then nothing is excepted.
	Extra *workload.Extra
}

// Options are what a [Controller] is made of.
type Options struct {
	// Config is the configuration to begin with. It comes from [LoadConfig],
	// [ParseConfig] or [DefaultConfig].
	Config Config
	// Evaluator judges the pods, and says what latest means.
	Evaluator pss.Evaluator
	// Namespaces and Pods are required.
	Namespaces Namespaces
	Pods       Pods
	// Rights are asked who may weaken namespaces. Without any, nobody may.
	Rights Rights
	// Exceptions are what is excepted to begin with; nil if that is nothing.
	Exceptions Exceptions
	// Recorder counts what is decided; nil if nobody wants to know.
	Recorder Recorder
	// Uses is told of what exceptions are used for; nil if nobody wants to know.
	Uses UsesLog
}

// Controller decides requests. It may be used by many goroutines at once.
type Controller struct {
	namespaces Namespaces
	pods       Pods
	rights     Rights
	recorder   Recorder
	usesLog    UsesLog // nil if there is none
	// reader reads objects, whole also what only exceptions and updates look at.
	reader, whole *workload.Reader
	state         atomic.Pointer[state]
}

// state is what may be replaced while requests are being decided. Each request
// sees one state from beginning to end.
type state struct {
	config     Config
	evaluator  pss.Evaluator
	guards     Guards           // nil if there are none
	podGuards  PodGuards        // nil if there are none
	exceptions Exceptions       // nil if there are none
	custom     *workload.Reader // of custom resources
}

// New returns a Controller. The error says what is missing in the options.
func New(o Options) (*Controller, error) {
	switch {
	case o.Namespaces == nil:
		return nil, errors.New("admission: Namespaces required")
	case o.Pods == nil:
		return nil, errors.New("admission: Pods required")
	}
	if err := o.Config.check(); err != nil {
		return nil, fmt.Errorf("admission: %w", err)
	}
	c := &Controller{namespaces: o.Namespaces, pods: o.Pods, rights: o.Rights, recorder: o.Recorder, usesLog: o.Uses}
	if c.recorder == nil {
		c.recorder = silence{}
	}
	var err error
	if c.reader, err = workload.NewReader(workload.Options{Stored: true}); err != nil {
		return nil, fmt.Errorf("admission: %w", err)
	}
	if c.whole, err = workload.NewReader(workload.Options{Stored: true, Extra: true}); err != nil {
		return nil, fmt.Errorf("admission: %w", err)
	}
	custom, err := customReader(nil)
	if err != nil {
		return nil, fmt.Errorf("admission: %w", err)
	}
	c.state.Store(&state{config: o.Config, evaluator: o.Evaluator, exceptions: o.Exceptions, custom: custom})
	return c, nil
}

// SetConfig replaces the configuration. Requests that are being decided keep
// the one they began with. An error means that it is none, and that the old one
// stays.
func (c *Controller) SetConfig(config Config) error {
	if err := config.check(); err != nil {
		return fmt.Errorf("admission: %w", err)
	}
	c.replace(func(s *state) { s.config = config })
	return nil
}

// SetEvaluator replaces the evaluator, as when the API server becomes another
// version. Requests that are being decided keep the one they began with.
func (c *Controller) SetEvaluator(e pss.Evaluator) {
	c.replace(func(s *state) { s.evaluator = e })
}

// Policies are what counts beside the configuration; each of them is nil if there is
// nothing.
type Policies struct {
	Exceptions Exceptions
	PodGuards  PodGuards
	Guards     Guards
}

// SetPolicies replaces all of them at once: no request is decided by new exceptions and
// old guards. Requests that are being decided keep what they began with.
func (c *Controller) SetPolicies(p Policies) {
	c.replace(func(s *state) { s.exceptions, s.podGuards, s.guards = p.Exceptions, p.PodGuards, p.Guards })
}

func (c *Controller) replace(change func(*state)) {
	for {
		old := c.state.Load()
		next := *old
		change(&next)
		if c.state.CompareAndSwap(old, &next) {
			return
		}
	}
}

// review is one request as it is being decided.
type review struct {
	*Controller
	*state

	req      Request
	labels   map[string]string // of the namespace, once its policy is known
	guarding PodGuarding       // of a pod, from then on
	uses     []Use             // for all that was judged
}

// Decide decides a request: one for a namespace, a pod, or, whatever else the
// resource is, an object with a pod template. One that asks for changes gets those
// that a new namespace needs, and is allowed. The context's deadline is the
// request's.
func (c *Controller) Decide(ctx context.Context, req Request) Decision {
	r := review{Controller: c, state: c.state.Load(), req: req}
	defer r.log()
	switch {
	case req.Mutating:
		return r.fill()
	case req.isCore(namespacesResource):
		return r.guarded(ctx, r.namespace(ctx))
	case req.isCore(podsResource):
		return r.pod(ctx)
	}
	return r.early(ctx, r.workload(ctx))
}

// exempt decides requests in exempt namespaces and by exempt users.
func (r *review) exempt() (Decision, bool) {
	var by string
	switch {
	case r.config.Exemptions.Namespace(r.req.Namespace):
		by = "namespace"
	case r.config.Exemptions.Username(r.req.Username):
		by = "user"
	default:
		return Decision{}, false
	}
	r.recorder.RecordExemption(r.req.labels())
	return allowWith(ExemptKey, by), true
}

// policy finds the policy of the request's namespace.
func (r *review) policy(ctx context.Context) (pss.Policy, pss.LabelErrors, error) {
	labels, err := r.namespaces.Labels(ctx, r.req.Namespace)
	if err != nil {
		r.recorder.RecordError(true, r.req.labels())
		return pss.Policy{}, nil, err
	}
	r.labels = labels
	policy, errs := pss.PolicyFromLabels(labels, r.config.Defaults)
	return policy, errs, nil
}
