package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/snapshot"
)

// decodeJSON decodes as the API server does.
func decodeJSON(text []byte, into any) error {
	return kjson.UnmarshalCaseSensitivePreserveInts(text, into)
}

// admitted is what policies make of the pods of one template, or of a pod that
// nothing made.
type admitted struct {
	object   report.Object
	template string // its path
	policy   string
	named    string // the policy by which a pod that exists was admitted, if it says
	refused  string // why no policy admits it, else empty
	rewrite  *psp.Rewrite
}

// rewriter has policies say what the pods of templates have to say themselves.
type rewriter struct {
	*migration

	// inForce are for namespaces where policies count, and past for those where the
	// one that admits everything was given to take the others away: elsewhere it
	// says nothing of what was asked, whoever else may use it.
	inForce, past simulators
	// known are what became of views, by namespace and maker: equal pods are many.
	known map[rewriteKey]admitted
}

type rewriteKey struct {
	namespace, kind string
	view            *inventory.View
	proven          bool
}

// simulators simulate what policies do.
type simulators struct {
	all *psp.Simulator
	// originals leaves out the simplified copies, nil if there are none.
	originals *psp.Simulator
}

// rewriter returns one that knows nothing yet.
func (m *migration) rewriter() *rewriter {
	return &rewriter{
		migration: m, known: map[rewriteKey]admitted{}, past: m.simulators(m.backup.policies),
		inForce: m.simulators(slices.DeleteFunc(slices.Clone(m.backup.policies), func(p *psp.Policy) bool { return p.Name == psp.BypassName })),
	}
}

func (m *migration) simulators(policies []*psp.Policy) simulators {
	s := simulators{all: psp.NewSimulator(policies, m.authorizer)}
	originals := slices.DeleteFunc(slices.Clone(policies), func(p *psp.Policy) bool { return m.isCopy(p.Name) })
	if len(originals) < len(policies) {
		s.originals = psp.NewSimulator(originals, m.authorizer)
	}
	return s
}

// rewritten returns the inventory with templates that say what policies say for
// their pods, and what was found for each namespace, by its name.
func (m *migration) rewritten() (*inventory.Inventory, map[string][]admitted) {
	if len(m.backup.policies) == 0 {
		return m.inv, nil
	}
	r := m.rewriter()
	after := *m.inv
	after.Namespaces = slices.Clone(m.inv.Namespaces)
	found := map[string][]admitted{}
	for i := range after.Namespaces {
		if m.selected(&after.Namespaces[i]) {
			found[after.Namespaces[i].Name] = r.namespace(&after.Namespaces[i])
		}
	}
	return &after, found
}

// namespace rewrites the templates of a namespace.
func (r *rewriter) namespace(ns *inventory.Namespace) (found []admitted) {
	workloads := map[*inventory.Workload]*inventory.Workload{}
	proven := r.proven(ns)
	ns.Workloads = slices.Clone(ns.Workloads)
	for i, w := range ns.Workloads {
		rewritten := *w
		rewritten.Templates = slices.Clone(w.Templates)
		for j := range rewritten.Templates {
			t := &rewritten.Templates[j]
			a := r.admit(ns.Name, w.Kind, t.View, proven[w])
			a.object = report.Object{APIVersion: w.APIVersion, Kind: w.Kind, Namespace: ns.Name, Name: w.Name}
			a.template = t.Path
			found = append(found, a)
			if a.rewrite != nil {
				t.View = &inventory.View{Pod: *a.rewrite.Pod, RuntimeClass: t.View.RuntimeClass}
			}
		}
		ns.Workloads[i], workloads[w] = &rewritten, &rewritten
	}
	ns.Pods = slices.Clone(ns.Pods)
	for i := range ns.Pods {
		p := &ns.Pods[i]
		named := policyNamedBy(p.View)
		if p.Workload != nil { // its template stands for it, but for what it says itself
			p.Workload = workloads[p.Workload]
			if named != "" {
				found = append(found, admitted{named: named})
			}
			continue
		}
		a := r.admit(ns.Name, p.Controller.Kind, p.View, r.isCopy(named))
		a.object = report.Object{APIVersion: "v1", Kind: "Pod", Namespace: ns.Name, Name: p.Name}
		a.named = named
		found = append(found, a)
	}
	return found
}

// proven are the workloads all of whose pods were admitted by simplified copies:
// they do without what a copy leaves out.
func (r *rewriter) proven(ns *inventory.Namespace) map[*inventory.Workload]bool {
	all := map[*inventory.Workload]bool{}
	for i := range ns.Pods {
		if w := ns.Pods[i].Workload; w != nil {
			before, known := all[w]
			all[w] = (before || !known) && r.isCopy(policyNamedBy(ns.Pods[i].View))
		}
	}
	return all
}

// policyNamedBy is the policy by which a pod that exists was admitted, empty if it
// does not say. The one that admits everything says nothing of what was asked.
func policyNamedBy(v *inventory.View) string {
	if named := admittedBy(v.Extra); named != psp.BypassName {
		return named
	}
	return ""
}

// admit says what policies make of a pod in a namespace. Unless it is proven to do
// without what simplified copies leave out, the originals say that as long as they
// admit it: a copy that was made a moment ago proves nothing.
func (r *rewriter) admit(namespace, kind string, v *inventory.View, proven bool) admitted {
	key := rewriteKey{namespace, kind, v, proven}
	a, known := r.known[key]
	if !known {
		var err error
		if a, err = r.simulate(namespace, kind, v, proven); err != nil {
			a = admitted{refused: "it could not be simulated: " + err.Error()}
		}
		r.known[key] = a
	}
	return a
}

func (r *rewriter) simulate(namespace, kind string, v *inventory.View, proven bool) (admitted, error) {
	text, err := snapshot.Pod(v.Template())
	if err != nil {
		return admitted{}, err
	}
	pod := new(corev1.Pod)
	if err := decodeJSON(text, pod); err != nil {
		return admitted{}, err
	}
	account := cmp.Or(pod.Spec.ServiceAccountName, "default")
	request := psp.Request{
		Namespace: namespace, Pod: pod, User: controllerUser(kind), Account: r.backup.accounts[[2]string{namespace, account}],
	}
	s := &r.inForce
	if r.bypassed(namespace) {
		s = &r.past
	}
	var result psp.Result
	if s.originals != nil && !proven {
		if result, err = s.originals.Simulate(request); err != nil {
			return admitted{}, err
		}
	}
	if !result.Admitted {
		if result, err = s.all.Simulate(request); err != nil {
			return admitted{}, err
		}
	}
	if !result.Admitted {
		return admitted{refused: r.reason(&result, policyNamedBy(v), "ServiceAccount "+namespace+"/"+account)}, nil
	}
	a := admitted{policy: result.Policy}
	a.rewrite, err = result.Rewrite()
	return a, err
}

// reason says why a pod is refused, and first what has become of the policy that
// admitted it once.
func (r *rewriter) reason(result *psp.Result, named, account string) string {
	switch {
	case named == "" && len(result.Errors) == 0 && len(result.Unusable) > 0:
		return fmt.Sprintf("%s may use no policy; %s would admit it", account, strings.Join(result.Unusable, ", "))
	case named == "":
		return result.Message
	case !r.backup.has(named):
		return fmt.Sprintf("PodSecurityPolicy %s admitted it, which is not in the input; now: %s", named, result.Message)
	case slices.Contains(result.Unusable, named):
		return fmt.Sprintf("PodSecurityPolicy %s admitted it for whoever made it; %s may not use that policy", named, account)
	}
	return fmt.Sprintf("PodSecurityPolicy %s admitted it and does not any more; now: %s", named, result.Message)
}

// patches are those that have to say more than they do.
func patches(all []admitted) []report.MigrationPatch {
	found := []report.MigrationPatch{}
	for _, a := range all {
		if a.rewrite == nil || a.rewrite.Patch == nil || a.object.Kind == "Pod" { // a pod cannot be changed
			continue
		}
		p := report.MigrationPatch{Object: a.object, Template: a.template, Policy: a.policy, Settings: []report.PSPChange{}}
		for _, c := range a.rewrite.Changes {
			p.Settings = append(p.Settings, report.PSPChange(c))
		}
		if ownKind(a.object.APIVersion) && a.object.Kind != "Job" { // whose template never changes
			p.Patch = at(a.template, a.rewrite.Patch)
			p.Command = kubectl([]string{a.object.Namespace, a.object.Name}, fmt.Sprintf(
				"-n %s patch %s -p %s", a.object.Namespace, a.object.KindName(), quoted(string(p.Patch))))
		}
		found = append(found, p)
	}
	return found
}

// ownKind reports whether an object is of Kubernetes itself, which alone has
// strategic merge patches.
func ownKind(apiVersion string) bool {
	return slices.Contains([]string{"v1", "apps/v1", "batch/v1"}, apiVersion)
}

// at puts a patch of a template to its place in the object.
func at(path string, patch json.RawMessage) json.RawMessage {
	steps := strings.Split(path, ".")
	for _, step := range slices.Backward(steps) {
		text, err := json.Marshal(map[string]json.RawMessage{step: patch})
		if err != nil {
			return nil // never: it is JSON
		}
		patch = text
	}
	return patch
}

// kubectl is a command, if the names in it are such as the API server gives out:
// whatever else stands in a file is no part of a shell's line.
func kubectl(names []string, arguments string) string {
	for _, name := range names {
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-") != "" || name[0] == '-' {
			return "# left out, because of its name: " + report.Escape(name) + "\n"
		}
	}
	return "kubectl " + arguments + "\n"
}

// quoted is a word for a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
