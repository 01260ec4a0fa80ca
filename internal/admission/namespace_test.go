package admission

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/pss"
)

// namespaced makes a request for a namespace; labels are a JSON object.
func namespaced(operation, name, labels, oldLabels string) Request {
	r := Request{Operation: operation, Resource: "namespaces", Kind: "Namespace", Namespace: name, Name: name, Username: "root"}
	r.Object = namespaceJSON(name, labels)
	if oldLabels != "" {
		r.OldObject = namespaceJSON(name, oldLabels)
	}
	return r
}

func namespaceJSON(name, labels string) []byte {
	return []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + name + `","labels":` + labels + `}}`)
}

func warning(texts ...string) Decision { return Decision{Allowed: true, Warnings: texts} }

func TestNamespaces(t *testing.T) {
	t.Parallel()
	const (
		enforce    = `"pod-security.kubernetes.io/enforce":`
		version    = `"pod-security.kubernetes.io/enforce-version":`
		audit      = `"pod-security.kubernetes.io/audit":`
		none       = `{}`
		restricted = `{` + enforce + `"restricted"}`
		baseline   = `{` + enforce + `"baseline"}`
		strict     = `{` + enforce + `"strict"}`
		twoBroken  = `{` + enforce + `"strict",` + audit + `"x"}`
		auditError = `metadata.labels[pod-security.kubernetes.io/audit]: Invalid value: "x": must be one of privileged, baseline, restricted`
		unlisted   = "failed to list pods while checking new PodSecurity enforce level"
	)
	invalid := Decision{
		Code: 422, Reason: "Invalid", Message: `Namespace "n" is invalid: ` + brokenLabel,
		Details: Details{Kind: "Namespace", Name: "n", Causes: []Cause{{
			"FieldValueInvalid", `Invalid value: "strict": must be one of privileged, baseline, restricted`,
			"metadata.labels[pod-security.kubernetes.io/enforce]",
		}}},
	}
	twoInvalid := invalid
	twoInvalid.Message = `Namespace "n" is invalid: [` + brokenLabel + ", " + auditError + "]"
	twoInvalid.Details.Causes = append(twoInvalid.Details.Causes[:1:1], Cause{
		"FieldValueInvalid", `Invalid value: "x": must be one of privileged, baseline, restricted`,
		"metadata.labels[pod-security.kubernetes.io/audit]",
	})
	with := func(r Request, change func(*Request)) Request {
		change(&r)
		return r
	}
	runDecideTests(t, []decideTest{
		{name: "a subresource does not matter", req: with(namespaced(Update, "n", strict, none), subresource("finalize")), want: note()},
		{name: "an object of another kind", req: with(namespaced(Create, "n", none, ""), func(r *Request) { r.Object = []byte(service) }), want: bad("failed to decode namespace", "failed to decode namespace")},
		{name: "a namespace of another version", req: with(namespaced(Create, "n", none, ""), func(r *Request) {
			r.Object = []byte(`{"apiVersion":"v2","kind":"Namespace"}`)
		}), want: withErr(bad("failed to decode object", `failed to decode object: no kind "Namespace" is registered for version "v2"`), errAny)},
		{name: "no object, as when a namespace is deleted", req: with(namespaced("DELETE", "n", none, none), func(r *Request) { r.Object = nil }), want: bad("failed to decode namespace", "failed to decode namespace")},
		{name: "an update without the old object", req: namespaced(Update, "n", none, ""), want: bad("failed to decode  old namespace", "failed to decode  old namespace")},
		{name: "an update with an old object without a type", req: with(namespaced(Update, "n", none, ""), old(`{}`)), want: withErr(bad("failed to decode  old object", "failed to decode  old object: apiVersion and kind are missing"), errAny)},
		{name: "another operation is allowed", req: namespaced("PATCH", "n", strict, none), want: note()},

		{name: "a new namespace without labels", req: namespaced(Create, "n", none, ""), want: note()},
		{name: "a new namespace does not look at pods", req: namespaced(Create, "n", restricted, ""), want: note()},
		{name: "a new namespace with a broken label", req: namespaced(Create, "n", strict, ""), want: invalid},
		{name: "a new namespace with two broken labels", req: namespaced(Create, "n", twoBroken, ""), want: twoInvalid},
		{name: "a new exempt namespace with a broken label", req: with(namespaced(Create, "n", strict, ""), func(r *Request) { r.Namespace = "exempt" }), want: invalid},
		{
			name: "a new exempt namespace that enforces", req: namespaced(Create, "exempt", `{`+enforce+`"baseline",`+version+`"v1.3"}`, ""),
			want: warning(`namespace "exempt" is exempt from Pod Security, and the policy (enforce=baseline:v1.3) will be ignored`),
		},
		{name: "a new exempt namespace that asks for nothing", req: namespaced(Create, "exempt", `{`+enforce+`"privileged"}`, ""), want: note()},
		{
			name: "an exemption is by the request's namespace, not the object's name",
			req:  with(namespaced(Create, "exempt", restricted, ""), func(r *Request) { r.Namespace = "" }), want: note(),
		},

		{name: "broken labels that stay", req: namespaced(Update, "n", twoBroken, twoBroken), want: note()},
		{name: "broken labels that are repaired", req: namespaced(Update, "n", none, twoBroken), want: note()},
		{name: "broken labels that are repaired in part", req: namespaced(Update, "n", strict, twoBroken), want: invalid},
		{name: "labels that break", req: namespaced(Update, "n", strict, none), want: invalid},
		{name: "the same policy", req: namespaced(Update, "n", restricted, restricted), want: note()},
		{name: "only another mode", req: namespaced(Update, "n", `{`+audit+`"restricted"}`, none), want: note()},
		{name: "a privileged policy", req: namespaced(Update, "n", none, restricted), want: note()},
		{name: "a laxer policy of the same version", req: namespaced(Update, "n", baseline, restricted), want: note()},
		{name: "a stricter policy looks at pods", req: namespaced(Update, "n", restricted, baseline), want: warning(unlisted)},
		{name: "another version looks at pods", req: namespaced(Update, "n", `{`+enforce+`"baseline",`+version+`"v1.2"}`, restricted), want: warning(unlisted)},
		{
			name: "a stricter policy of an exempt namespace", req: namespaced(Update, "exempt", `{`+enforce+`"restricted",`+audit+`"baseline"}`, none),
			want: warning(`namespace "exempt" is exempt from Pod Security, and the policy (enforce=restricted:latest, audit=baseline:latest) will be ignored`),
		},
	})
}

func TestExemptNamespaceWarningComparesWithTheDefaults(t *testing.T) {
	t.Parallel()
	c := newWorld().controller(t)
	config := c.state.Load().config
	config.Defaults.Enforce.Level, config.Defaults.Warn.Level = pss.Baseline, pss.Baseline
	if err := c.SetConfig(config); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, labels, want string }{
		{"labels that repeat the defaults", `{"pod-security.kubernetes.io/enforce":"baseline"}`, ""},
		{"labels that are laxer", `{"pod-security.kubernetes.io/enforce":"privileged"}`, "()"},
		{
			"a version on a default level", `{"pod-security.kubernetes.io/enforce":"privileged","pod-security.kubernetes.io/warn-version":"v1.2"}`,
			"(warn=baseline:v1.2)",
		},
		{"no mode that asks for anything", `{"pod-security.kubernetes.io/enforce":"privileged","pod-security.kubernetes.io/warn":"privileged"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var want []string
			if tt.want != "" {
				want = []string{`namespace "exempt" is exempt from Pod Security, and the policy ` + tt.want + ` will be ignored`}
			}
			got := c.Decide(t.Context(), namespaced(Create, "exempt", tt.labels, ""))
			if diff := cmp.Diff(want, got.Warnings); diff != "" {
				t.Error(diff)
			}
		})
	}
}
