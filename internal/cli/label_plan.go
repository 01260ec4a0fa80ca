package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/label"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// planned is what labelling reads of a plan.
type planned struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Cluster    inventory.Cluster `json:"cluster"`
	Defaults   struct {
		Assumed bool `json:"assumed"`
	} `json:"defaults"`
	Exemptions struct {
		Namespaces     []string `json:"namespaces"`
		RuntimeClasses []string `json:"runtimeClasses"`
	} `json:"exemptions"`
	Namespaces []plannedNamespace `json:"namespaces"`
}

// plannedNamespace is a namespace in a plan: how it stood then, and what labels
// it is to have.
type plannedNamespace struct {
	Name    string `json:"name"`
	Current struct {
		Enforce string `json:"enforce"`
		Audit   string `json:"audit"`
		Warn    string `json:"warn"`
	} `json:"current"`
	CurrentLabels map[string]string `json:"currentLabels"`
	Labels        map[string]string `json:"labels"`

	policy pss.Policy // what Current says
}

// planKind is the kind of the JSON that 'gabion plan' writes.
const planKind = "Plan"

func (o *labelOptions) planRequest() (request, error) {
	var text []byte
	var err error
	if o.plan == workload.Stdin {
		text, err = io.ReadAll(o.system.Stdin)
	} else {
		text, err = os.ReadFile(o.plan)
	}
	if err != nil {
		return request{}, fmt.Errorf("reading the plan: %w", err)
	}
	p, err := decodePlan(text)
	if err != nil {
		return request{}, fmt.Errorf("%s: %w", report.Place(o.plan, 0), err)
	}
	r := request{plan: p, cluster: p.Cluster}
	for i := range p.Namespaces {
		if n := &p.Namespaces[i]; len(n.Labels) > 0 {
			r.targets = append(r.targets, target{name: n.Name, named: true, want: n.Labels, planned: n})
		}
	}
	return r, nil
}

// decodePlan reads a plan, and refuses one in which something is amiss with a
// namespace for which it proposes labels.
func decodePlan(text []byte) (*planned, error) {
	var p planned
	decode := func(to any) error { return yaml.Unmarshal(text, to) }
	if bytes.HasPrefix(text, []byte("{")) { // which is YAML too, but takes long as such
		decode = func(to any) error { return json.Unmarshal(text, to) }
	}
	const foreign = "not the JSON or YAML of 'gabion plan -o json'"
	switch err := decode(&p); {
	case len(bytes.TrimSpace(text)) == 0:
		return nil, errors.New(foreign + ": it is empty")
	case err != nil:
		return nil, fmt.Errorf(foreign+": %w", err)
	case p.APIVersion != report.APIVersion || p.Kind != planKind:
		return nil, fmt.Errorf(foreign+": it is a %q of %q", p.Kind, p.APIVersion)
	}
	seen := map[string]bool{}
	for i := range p.Namespaces {
		n := &p.Namespaces[i]
		if len(n.Labels) == 0 {
			continue
		}
		if err := n.check(); err != nil {
			return nil, fmt.Errorf("the plan is damaged: %w", err)
		}
		if seen[n.Name] {
			return nil, errors.New("the plan is damaged: a namespace is in it twice")
		}
		seen[n.Name] = true
	}
	return &p, nil
}

// check refuses what 'gabion plan' cannot have written.
func (n *plannedNamespace) check() error {
	if !isDNSLabel(n.Name) {
		return fmt.Errorf("%q cannot be the name of a namespace", n.Name)
	}
	for key := range n.Labels {
		if !slices.Contains(label.Keys(), key) {
			return fmt.Errorf("%q of namespace %s is no Pod Security label", key, n.Name)
		}
	}
	if _, errs := pss.PolicyFromLabels(n.Labels, pss.DefaultPolicy()); len(errs) > 0 {
		return fmt.Errorf("namespace %s: %w", n.Name, errs)
	}
	if n.CurrentLabels == nil {
		return fmt.Errorf("it does not say which labels namespace %s had", n.Name)
	}
	for _, mode := range []struct {
		text string
		to   *pss.LevelVersion
	}{
		{n.Current.Enforce, &n.policy.Enforce}, {n.Current.Audit, &n.policy.Audit}, {n.Current.Warn, &n.policy.Warn},
	} {
		lv, err := parseEnforce(mode.text)
		if err != nil || !lv.Version.Valid() {
			return fmt.Errorf("it does not say which policy was in force in namespace %s", n.Name)
		}
		*mode.to = lv
	}
	return nil
}
