package admission

import "github.com/gabion-security/gabion/pss"

// Recorder counts what was decided. Its methods are called from many goroutines
// at once and while a request waits.
type Recorder interface {
	// RecordEvaluation counts one judgement of a pod.
	RecordEvaluation(Evaluation)
	// RecordExemption counts a request that was exempt.
	RecordExemption(Labels)
	// RecordError counts a fault. A fault that is not fatal is one of the
	// namespace's labels: the pod was judged all the same.
	RecordError(fatal bool, labels Labels)
	// RecordException counts an exception that covered something in a judgement,
	// by its name, of which there are as many as exceptions, and by the mode.
	RecordException(name, mode string)
	// RecordProfileRefusal counts a pod that a profile refuses, by the profile's
	// name.
	RecordProfileRefusal(name string)
}

// Labels are the labels of metrics that tell requests apart. Their values are
// those of the API server's metrics, with two bounds: an operation other than
// create, update, delete and connect is "other", and so is a subresource other
// than ephemeralcontainers and resize.
type Labels struct {
	Operation   string
	Resource    string // pod, namespace or controller
	Subresource string
}

// Evaluation is one judgement of a pod.
type Evaluation struct {
	Labels

	Decision string // allow or deny
	Level    string
	// Version is latest, a version that the API server knows, or future.
	Version string
	Mode    string // enforce, audit or warn
}

// The decisions and modes of an [Evaluation].
const (
	DecisionAllow = "allow"
	DecisionDeny  = "deny"
	ModeEnforce   = "enforce"
	ModeAudit     = "audit"
	ModeWarn      = "warn"
)

const other = "other"

// labels returns the metrics' labels of a request.
func (r *Request) labels() Labels {
	l := Labels{Operation: other, Resource: "controller", Subresource: other}
	switch r.Operation {
	case Create:
		l.Operation = "create"
	case Update:
		l.Operation = "update"
	case "DELETE":
		l.Operation = "delete"
	case "CONNECT":
		l.Operation = "connect"
	}
	switch {
	case r.isCore(podsResource):
		l.Resource = "pod"
	case r.isCore(namespacesResource):
		l.Resource = "namespace"
	}
	switch r.Subresource {
	case "", "ephemeralcontainers", "resize":
		l.Subresource = r.Subresource
	}
	return l
}

// versionLabel returns the label of a policy's version.
func versionLabel(policy pss.LevelVersion, e pss.Evaluator) string {
	known := e.Kubernetes
	if !known.Valid() {
		known = e.Resolve(pss.Latest)
	}
	switch {
	case policy.Version == pss.Latest, policy.Level == pss.Privileged: // privileged is the same in all versions
		return pss.Latest.String()
	case policy.Version > known:
		return "future"
	}
	return policy.Version.String()
}

// silence is the Recorder of those who want none.
type silence struct{}

func (silence) RecordEvaluation(Evaluation) {}
func (silence) RecordExemption(Labels)      {}
func (silence) RecordError(bool, Labels)    {}
func (silence) RecordException(_, _ string) {}
func (silence) RecordProfileRefusal(string) {}
