package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

func exceptionLists() map[string]ExceptionList {
	listed := func(items ...ListException) ExceptionList {
		return ExceptionList{APIVersion: APIVersion, Kind: "ExceptionList", Items: append([]ListException{}, items...)}
	}
	one := ListException{
		Type: TypeException, Name: "cni", File: "cni.yaml", Line: 3, Namespaces: "kube-system", NarrowedBy: []string{},
		Controls: []ListControl{{ID: "hostNamespaces", Values: []string{"hostNetwork"}}}, Modes: []string{}, Reason: "it sets up the node's network",
	}
	return map[string]ExceptionList{
		"none": listed(), "one": listed(one),
		"many": listed(one, ListException{
			Type: TypeException, Name: "mesh | " + hostile, File: "a b.yaml", Line: 12, Namespaces: "shop, blog; not x",
			NarrowedBy: []string{"labels app=web", "container istio-init", "image docker.io/istio/proxyv2"},
			Controls:   []ListControl{{ID: "capabilities_baseline", Values: []string{"NET_ADMIN", "NET_RAW"}}, {ID: "runAsNonRoot", Values: []string{"false"}, Missing: true}, {ID: "privileged", Values: []string{}}}, Modes: []string{"enforce", "audit"},
			Reason: "until it has\nits CNI plugin", Owner: "platform", Ticket: "SEC-42", ExpiresAt: "2027-01-01T00:00:00Z", DaysLeft: 1,
		}, ListException{
			Type: TypeException, Name: "old", File: "-", Line: 1, Namespaces: "all", NarrowedBy: []string{}, Controls: []ListControl{{ID: "privileged", Values: []string{}}},
			Modes: []string{}, Reason: "r", ExpiresAt: "2026-01-01T00:00:00Z", Expired: true,
		}, ListException{
			Type: TypeExemption, Name: "kube-system", File: "psa.yaml", Namespaces: "kube-system", NarrowedBy: []string{}, Controls: []ListControl{}, Modes: []string{}, Reason: "the API server's configuration",
		}, ListException{
			Type: TypeExemption, Name: "ann", File: "psa.yaml", Namespaces: "all", NarrowedBy: []string{"requests of the user ann"}, Controls: []ListControl{}, Modes: []string{}, Reason: "the API server's configuration",
		}),
	}
}

func exceptionLints() map[string]ExceptionLint {
	linted := func(n int, against string, problems ...ExceptionProblem) ExceptionLint {
		r := ExceptionLint{APIVersion: APIVersion, Kind: "ExceptionLintReport", HeldAgainst: against, Problems: append([]ExceptionProblem{}, problems...)}
		r.Summary.Exceptions = n
		for _, p := range problems {
			r.Summary.Add(p.Severity)
		}
		return r
	}
	one := ExceptionProblem{"info", "namespace-only", "mesh", "mesh.yaml", 1, "", "It is for others, too.", "look at the namespace"}
	return map[string]ExceptionLint{
		"none": linted(0, ""), "one": linted(1, "", one),
		"many": linted(3, "the cluster",
			ExceptionProblem{"error", "expired", "old", "-", 1, "spec.expiresAt", "It ended at 2026-01-01T00:00:00Z, and covers nothing any more.", "remove it, or agree on a later spec.expiresAt"},
			ExceptionProblem{"error", "never-stated", "x" + hostile, "a b.yaml", 2, "spec.controls[0].values[1]", "No pod fails privileged with the value \"a\nb\".", "remove it"},
			ExceptionProblem{"warning", "unused", "mesh", "mesh.yaml", 1, "", "It covers nothing there.", "remove it if nothing else needs it"},
			ExceptionProblem{"warning", "no-owner", "mesh", "mesh.yaml", 1, "spec.owner", "Nobody answers for it.", "name a person or a team in spec.owner"},
			one),
	}
}

func suggestions() map[string]SuggestedExceptions {
	suggested := func(items ...SuggestedException) SuggestedExceptions {
		return SuggestedExceptions{APIVersion: "v1", Kind: "List", Items: append([]SuggestedException{}, items...)}
	}
	one := SuggestedException{
		APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.KindPodSecurityException, Metadata: SuggestedMetadata{"shop-web"}, For: []string{"Deployment shop/web"},
		Spec: v1alpha1.PodSecurityExceptionSpec{
			Reason: "because: it is", Namespaces: v1alpha1.Namespaces{Names: []string{"shop"}},
			Controls: []v1alpha1.ExceptedControl{{ID: "privileged", Values: []string{"true"}}, {ID: "runAsNonRoot"}},
		},
	}
	other := one
	other.For = []string{"Pod shop/a", "Pod shop/b" + hostile}
	other.Spec.ExpiresAt = &metav1.Time{Time: time.Date(2027, time.March, 1, 0, 0, 0, 0, time.UTC)}
	other.Spec.Pods = &v1alpha1.ExceptedPods{ServiceAccounts: []string{"default"}}
	return map[string]SuggestedExceptions{"none": suggested(), "one": suggested(one), "many": suggested(one, other)}
}

func TestEveryFormatOfExceptionsIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	add := func(name string, write func(*bytes.Buffer) error) {
		var out bytes.Buffer
		must(t, write(&out))
		got["exceptions-"+name] = out.Bytes()
	}
	for name, l := range exceptionLists() {
		for _, format := range ExceptionListFormats() {
			add("list-"+name+"."+format, func(b *bytes.Buffer) error { return WriteExceptionList(b, format, Style{}, &l) })
		}
		add("list-"+name+".terminal", func(b *bytes.Buffer) error {
			return WriteExceptionList(b, "table", Style{Colour: true, Width: 60}, &l)
		})
	}
	for name, r := range exceptionLints() {
		for _, format := range ExceptionLintFormats() {
			add("lint-"+name+"."+format, func(b *bytes.Buffer) error { return WriteExceptionLint(b, format, Style{}, &r) })
		}
		add("lint-"+name+".terminal", func(b *bytes.Buffer) error {
			return WriteExceptionLint(b, "table", Style{Colour: true, Width: 60}, &r)
		})
	}
	for name, s := range suggestions() {
		for _, format := range SuggestedExceptionFormats() {
			add("suggest-"+name+"."+format, func(b *bytes.Buffer) error { return WriteSuggestedExceptions(b, format, &s) })
		}
	}
	compareGoldens(t, "exceptions-*", got)
}

func TestExceptionsSayTheSameInJSONAndYAML(t *testing.T) {
	t.Parallel()
	same := func(name string, write func(format string, b *bytes.Buffer) error) {
		var asJSON, asYAML bytes.Buffer
		must(t, write("json", &asJSON))
		must(t, write("yaml", &asYAML))
		fromJSON, fromYAML := map[string]any{}, map[string]any{}
		must(t, json.Unmarshal(asJSON.Bytes(), &fromJSON))
		must(t, yaml.UnmarshalStrict(asYAML.Bytes(), &fromYAML))
		if diff := cmp.Diff(fromJSON, fromYAML); diff != "" {
			t.Errorf("%s: YAML differs from JSON (-json +yaml):\n%s", name, diff)
		}
		noNulls(t, "", fromJSON)
	}
	for name, l := range exceptionLists() {
		same(name, func(format string, b *bytes.Buffer) error { return WriteExceptionList(b, format, Style{}, &l) })
	}
	for name, r := range exceptionLints() {
		same(name, func(format string, b *bytes.Buffer) error { return WriteExceptionLint(b, format, Style{}, &r) })
	}
}

func TestNothingOfExceptionsReachesATerminalUnescaped(t *testing.T) {
	t.Parallel()
	l, r, s := exceptionLists()["many"], exceptionLints()["many"], suggestions()["many"]
	var out bytes.Buffer
	for _, format := range []string{"table", "wide", "name"} {
		must(t, WriteExceptionList(&out, format, Style{}, &l))
	}
	for _, format := range []string{"table", "name"} {
		must(t, WriteExceptionLint(&out, format, Style{}, &r))
	}
	must(t, WriteSuggestedExceptions(&out, "yaml", &s))
	for _, bad := range []string{"\x1b", "\x07", "\u202e", "\xff"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("%q came through:\n%s", bad, out.String())
		}
	}
}
