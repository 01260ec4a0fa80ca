package whocan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// subject is who has a right.
type subject struct{ Kind, Namespace, Name string }

// username and groups are how the API server knows a subject.
func (s subject) username() string {
	switch s.Kind {
	case "User":
		return s.Name
	case "ServiceAccount":
		return "system:serviceaccount:" + s.Namespace + ":" + s.Name
	}
	return "somebody"
}

func (s subject) groups() []string {
	switch s.Kind {
	case "Group":
		return []string{s.Name}
	case "ServiceAccount":
		return []string{"system:serviceaccounts", "system:serviceaccounts:" + s.Namespace, "system:authenticated"}
	}
	return nil
}

// held is a right in a report.
type held struct {
	Right, APIGroup              string
	Verbs, Resources             []string
	Names, Namespaces            []string
	Everywhere                   bool
	As                           []subject
	AsTotal                      int
	subject                      subject
	binding, bindingIn, roleName string
}

// answers are what gabion says of a cluster.
type answers []held

// ask runs gabion and returns its report, one answer a subject and right.
func ask(t *testing.T, plane *cluster.Cluster, gabion, kubeconfig string, args ...string) (all answers, exit int, stderr string) {
	t.Helper()
	args = append([]string{"who-can"}, append(args, "-o", "json")...)
	if kubeconfig != "" {
		args = append(args, "--kubeconfig", kubeconfig)
	}
	cmd := exec.CommandContext(t.Context(), gabion, args...)
	cmd.Env = append(cmd.Environ(), "HOME="+plane.Dir())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if failed := new(exec.ExitError); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	var report struct {
		Kind   string
		Grants []struct {
			Subjects      []subject
			Binding, Role struct{ Namespace, Name string }
			Rights        []held
		}
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil || report.Kind != "WhoCanReport" {
		t.Fatalf("%v: %s%s", err, out.String(), errs.String())
	}
	for _, g := range report.Grants {
		for _, s := range g.Subjects {
			for _, h := range g.Rights {
				h.subject, h.binding, h.bindingIn, h.roleName = s, g.Binding.Name, g.Binding.Namespace, g.Role.Name
				all = append(all, h)
			}
		}
	}
	return all, cmd.ProcessState.ExitCode(), errs.String()
}

// request is what the API server is asked.
type request struct{ verb, group, resource, namespace, name string }

// requests are what an answer says is allowed.
func (h *held) requests() (all []request) {
	for _, verb := range h.Verbs {
		for _, resource := range h.Resources {
			for _, namespace := range h.places(verb, resource) {
				for _, name := range h.names(namespace) {
					all = append(all, request{verb, h.APIGroup, resource, namespace, name})
				}
			}
		}
	}
	return all
}

// places are the namespaces to ask about: what counts everywhere counts without
// one, and in one that nobody knows.
func (h *held) places(verb, resource string) []string {
	switch {
	case slices.Contains(ofCluster, resource) && verb != "bind":
		return []string{""}
	case h.Everywhere:
		return []string{"", "unheard-of"}
	}
	return h.Namespaces
}

func (h *held) names(namespace string) []string {
	switch {
	case len(h.Names) > 0:
		return h.Names
	case h.Right == "namespace-labels" && namespace != "":
		return []string{namespace}
	}
	return []string{"", "unheard-of"}
}

// covers reports whether an answer says that the subject may do something.
func (all answers) covers(s subject, r request) bool {
	return slices.ContainsFunc(all, func(h held) bool {
		return h.concerns(s) && slices.Contains(h.Verbs, r.verb) && h.APIGroup == r.group && slices.Contains(h.Resources, r.resource) &&
			(h.Everywhere || slices.Contains(h.Namespaces, r.namespace)) && (len(h.Names) == 0 || slices.Contains(h.Names, r.name))
	})
}

// concerns reports whether what is said of somebody is true of the subject.
func (h *held) concerns(s subject) bool {
	return h.subject == s || h.subject.Kind == "Group" && slices.Contains(s.groups(), h.subject.Name)
}

// strongIn are the subjects of a namespace of whom anything is said.
func (all answers) strongIn(namespace string, accounts []subject) (strong []subject) {
	for _, a := range accounts {
		if (namespace == "" || a.Namespace == namespace) && slices.ContainsFunc(all, func(h held) bool {
			return h.concerns(a) && h.subject.Name != "system:authenticated"
		}) {
			strong = append(strong, a)
		}
	}
	return strong
}

func (r request) String() string {
	return strings.TrimSpace(r.verb + " " + r.resource + "." + r.group + " " + r.name + " in " + r.namespace)
}
