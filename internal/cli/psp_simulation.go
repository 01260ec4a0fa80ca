package cli

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/json"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/rbac"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// simulation puts the pods of a backup before its policies.
type simulation struct {
	backup    *backup
	simulator *psp.Simulator
	user      *rbac.User
	document  report.Simulation
}

// run simulates everything.
func (s *simulation) run() *report.Simulation {
	s.document = report.Simulation{
		APIVersion: report.APIVersion, Kind: "PodSecurityPolicySimulation", Results: []report.SimulationResult{}, Notes: []string{
			"PodSecurityPolicy looked at pods being created or updated, never at their subresources: ephemeral containers that were added to a running pod passed it",
		},
	}
	s.document.Summary.Policies = len(s.backup.policies)
	for i := range s.backup.pods {
		item := &s.backup.pods[i]
		for j := range item.Templates {
			if err := s.pod(item, &item.Templates[j]); err != nil {
				s.backup.fail(sourceOf(item, item.Templates[j].Path), err)
			}
		}
	}
	s.document.NotChecked, s.document.Errors = s.backup.notChecked, s.backup.errors
	return &s.document
}

// pod simulates one pod and reports it.
func (s *simulation) pod(item *workload.Item, t *workload.Template) error {
	result, err := s.simulate(item, t)
	if err != nil {
		return err
	}
	s.document.Results = append(s.document.Results, s.result(item, t, &result))
	return nil
}

// simulate says what becomes of one pod.
func (s *simulation) simulate(item *workload.Item, t *workload.Template) (psp.Result, error) {
	if t.JSON == nil {
		return psp.Result{}, fmt.Errorf("the pods of a %s are put together by its controller: they cannot be simulated before they exist",
			item.Object.Kind)
	}
	pod := new(corev1.Pod)
	if err := json.UnmarshalCaseSensitivePreserveInts(t.JSON, pod); err != nil {
		return psp.Result{}, fmt.Errorf("it cannot be read as a pod: %w", err)
	}
	namespace := s.backup.input.namespaceOf(item)
	name := cmp.Or(pod.Spec.ServiceAccountName, pod.Spec.DeprecatedServiceAccount, "default")
	return s.simulator.Simulate(psp.Request{
		Namespace: namespace, Pod: pod, User: s.creator(item), Account: s.backup.accounts[[2]string{namespace, name}],
	})
}

// admittedBy is the policy by which a pod that exists was admitted, empty if that
// is not known.
func admittedBy(x *workload.Extra) string {
	if x == nil {
		return ""
	}
	return x.PodSecurityPolicy
}

// result puts a result in the report's shape and counts it.
func (s *simulation) result(item *workload.Item, t *workload.Template, r *psp.Result) report.SimulationResult {
	out := report.SimulationResult{
		Source: sourceOf(item, t.Path), Object: objectOf(item, s.backup.input.namespaceOf(item)), Partial: t.Partial,
		Admitted: r.Admitted, Policy: r.Policy, Mutated: len(r.Patch) > 0, Message: r.Message,
		Patch: []report.PatchOperation{}, Errors: []report.SimulationError{}, Unusable: list(r.Unusable),
	}
	for _, p := range r.Patch {
		out.Patch = append(out.Patch, report.PatchOperation(p))
	}
	for _, e := range r.Errors {
		out.Errors = append(out.Errors, report.SimulationError{Policy: e.Policy, Path: e.Path, Message: e.Text})
	}
	sum := &s.document.Summary
	sum.Pods++
	switch {
	case !r.Admitted:
		sum.Refused++
	case out.Mutated:
		sum.Mutated++
		sum.Admitted++
	default:
		sum.Admitted++
	}
	return out
}

// creator is who creates the pods of an object, as far as that is known: a pod's
// is the user at hand unless a controller made it, a template's its controller.
func (s *simulation) creator(item *workload.Item) *rbac.User {
	kind := item.Object.Kind
	if kind == "Pod" {
		if item.Controller == (workload.Owner{}) {
			return s.user
		}
		kind = item.Controller.Kind
	}
	return controllerUser(kind)
}

// controllerUser is who creates the pods of an object of a kind, nil if nobody is
// known.
func controllerUser(kind string) *rbac.User {
	controllers := []struct {
		name  string
		kinds []string
	}{
		{"replicaset-controller", []string{"Deployment", "ReplicaSet"}},
		{"replication-controller", []string{"ReplicationController"}},
		{"statefulset-controller", []string{"StatefulSet"}},
		{"daemon-set-controller", []string{"DaemonSet"}},
		{"job-controller", []string{"CronJob", "Job"}},
	}
	for _, c := range controllers {
		if slices.Contains(c.kinds, kind) {
			user := rbac.ServiceAccount("kube-system", c.name)
			return &user
		}
	}
	return nil
}
