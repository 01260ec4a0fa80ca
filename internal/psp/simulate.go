package psp

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/internal/rbac"
)

// Authorizer says who may do what.
type Authorizer interface {
	Allowed(rbac.User, rbac.Request) bool
}

// Simulator says of pods what the admission plugin made of them. It is for use
// by any number of goroutines.
type Simulator struct {
	policies   []*Policy // by name
	authorizer Authorizer
}

// NewSimulator returns a simulator for policies that [Parse] had no complaint
// about. Without an authorizer everybody may use them all.
func NewSimulator(policies []*Policy, a Authorizer) *Simulator {
	sorted := slices.SortedStableFunc(slices.Values(policies), func(a, b *Policy) int { return cmp.Compare(a.Name, b.Name) })
	return &Simulator{sorted, a}
}

// Request is a pod to be created.
type Request struct {
	Namespace string
	Pod       *corev1.Pod
	// Account is the pod's service account, nil if nothing is known of it but its
	// name.
	Account *corev1.ServiceAccount
	// User is who creates the pod, nil if nobody is known: then only what its
	// service account may use counts.
	User *rbac.User
}

// Result is what became of a pod.
type Result struct {
	Admitted bool
	// Policy is the one that was chosen, as in the annotation kubernetes.io/psp.
	Policy string
	// Patch is what the policy changed in the pod, empty for nothing.
	Patch []Operation
	// Errors are why it was refused, by the policies that could be used.
	Errors []PolicyError
	// Message is the refusal in the API server's words.
	Message string
	// Unusable are policies that would have admitted the pod, had they been
	// allowed to be used.
	Unusable []string

	// before and after are the pod, if it was admitted.
	before, after *corev1.Pod
}

// PolicyError is a field error and the policy whose it is.
type PolicyError struct {
	Policy string
	FieldError
}

// Simulate says what becomes of a pod. The error says that it cannot be told.
//
// It is what the plugin did when a pod was created. What later steps did to the
// pod, and the plugin's second look at it then, is left out.
func (s *Simulator) Simulate(r Request) (Result, error) {
	if len(s.policies) == 0 {
		return Result{Message: "PodSecurityPolicy: no providers available to validate pod request"}, nil
	}
	pod := prepare(r.Pod, r.Account)
	var mutating, refused Result
	for _, p := range s.policies {
		tried, err := p.Try(pod)
		if err != nil {
			return Result{}, fmt.Errorf("policy %q: %w", p.Name, err)
		}
		usable := s.usable(p.Name, pod.Spec.ServiceAccountName, &r)
		switch {
		case len(tried.Errors) > 0:
			if usable {
				for _, e := range tried.Errors {
					refused.Errors = append(refused.Errors, PolicyError{p.Name, e})
				}
			}
		case !usable:
			refused.Unusable = append(refused.Unusable, p.Name)
		case len(tried.Patch) == 0:
			return Result{Admitted: true, Policy: p.Name, before: pod, after: pod}, nil
		case !mutating.Admitted:
			mutating = Result{Admitted: true, Policy: p.Name, Patch: tried.Patch, before: pod, after: tried.after}
		}
	}
	if mutating.Admitted {
		return mutating, nil
	}
	words := make([]string, len(refused.Errors))
	for i, e := range refused.Errors {
		words[i] = e.Error()
	}
	refused.Message = "PodSecurityPolicy: unable to admit pod: [" + strings.Join(words, " ") + "]"
	return refused, nil
}

// Attempt is what one policy makes of a pod.
type Attempt struct {
	Patch []Operation
	// Errors are why the policy does not allow what the patch made of the pod.
	Errors []FieldError

	after *corev1.Pod
}

// Try says what the policy alone makes of a pod, which must be as the API server
// hands it to admission. The pod is not changed.
func (p *Policy) Try(pod *corev1.Pod) (Attempt, error) {
	after := *pod
	p.mutate(&after)
	if errs := p.Validate(&after); len(errs) > 0 {
		return Attempt{Errors: errs}, nil
	}
	patch, err := patchOf(pod, &after)
	return Attempt{Patch: patch, after: &after}, err
}

// usable reports whether the pod's service account, or else who creates it, may
// use a policy.
func (s *Simulator) usable(policy, account string, r *Request) bool {
	if s.authorizer == nil {
		return true
	}
	may := func(u rbac.User) bool {
		return slices.ContainsFunc([]string{"policy", "extensions"}, func(group string) bool {
			return s.authorizer.Allowed(u, rbac.Request{
				Verb: "use", Group: group, Resource: "podsecuritypolicies", Namespace: r.Namespace, Name: policy,
			})
		})
	}
	return account != "" && may(rbac.ServiceAccount(r.Namespace, account)) || r.User != nil && may(*r.User)
}
