package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/report"
)

// tree decodes JSON.
func tree(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// patchOf writes a report of one object that was changed.
func patchOf(t *testing.T, format string, o report.Object, before, after string) string {
	t.Helper()
	var b bytes.Buffer
	w, ok := report.NewFix(format, "restricted:latest", &b, report.Style{})
	if !ok {
		t.Fatalf("no format %q", format)
	}
	r := report.FixResult{
		Source: report.Source{File: "a.yaml"}, Object: o, Changes: []report.FixChange{{Path: "spec"}}, Before: tree(t, before), After: tree(t, after),
	}
	for _, err := range []error{w.Result(&r), w.Close(report.FixSummary{Files: []string{r.Source.File}})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestAPatchMergesContainersByNameOrIsTestedToMeanThem(t *testing.T) {
	t.Parallel()
	web := report.Object{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "web"}
	const before = `{"spec":{"containers":[{"name":"a"},{"name":"b","x":{"user":0,"add":["A","B"]}}]}}`
	const after = `{"spec":{"containers":[{"name":"a"},{"name":"b","x":{"add":["B"]}}],"y":{"z":true}}}`
	custom, job, odd := web, web, web
	custom.APIVersion, job.Kind, job.APIVersion, odd.Name = "example.com/v1", "Job", "batch/v1", "web'; rm -rf /"
	twice := strings.NewReplacer(`"name":"b"`, `"name":"a"`)
	const jsonPatch = `[{"op":"test","path":"/spec/containers/1/name","value":"b"},{"op":"test","path":"/spec/containers/1/x/add","value":["A","B"]},` +
		`{"op":"replace","path":"/spec/containers/1/x/add","value":["B"]},{"op":"test","path":"/spec/containers/1/x/user","value":0},` +
		`{"op":"remove","path":"/spec/containers/1/x/user"},{"op":"test","path":"/spec/y","value":null},{"op":"add","path":"/spec/y","value":{"z":true}}]`
	for name, c := range map[string]struct{ got, want string }{
		"a kind of Kubernetes": {
			patchOf(t, "patch", web, before, after),
			`kubectl -n shop patch deployment.apps/web --type=strategic -p '{"spec":{"containers":[{"name":"b","x":{"add":["B"],"user":null}}],"y":{"z":true}}}'` + "\n",
		},
		"any other kind": {
			patchOf(t, "patch", custom, before, after), `kubectl -n shop patch deployment.example.com/web --type=json -p '` + jsonPatch + "'\n",
		},
		"containers of one name": {
			patchOf(t, "patch", web, twice.Replace(before), twice.Replace(after)),
			`kubectl -n shop patch deployment.apps/web --type=json -p '` + strings.Replace(jsonPatch, `"value":"b"`, `"value":"a"`, 1) + "'\n",
		},
		"what cannot be changed": {
			patchOf(t, "patch", job, before, after), "# job.batch/web: the template of a Job cannot be changed once it is there: delete it and make it anew from the manifest\n",
		},
		"a name that is part of a shell's line": {patchOf(t, "patch", odd, before, after), "# left out, because of its name: deployment.apps/web'; rm -rf /\n"},
	} {
		if d := cmp.Diff(c.want, c.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestAKustomizationNamesOneObjectAndQuotesWhateverItNames(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- a.yaml\npatches:\n"
	odd := report.Object{APIVersion: "v1", Kind: "Custom", Name: "a: b\n- c.*"}
	got := patchOf(t, "kustomize", odd, `{"metadata":{"name":"a: b\n- c.*"},"x":null}`, `{"metadata":{"name":"a: b\n- c.*"},"x":"y\n    z"}`)
	const byTest = head + "- target:\n    group: \"^$\"\n    version: v1\n    kind: Custom\n    name: \"a: b\\n- c\\\\.\\\\*\"\n    namespace: default\n  patch: |-\n" +
		"    - op: test\n      path: \"/x\"\n      value: null\n    - op: add\n      path: \"/x\"\n      value: \"y\\n    z\"\n"
	if d := cmp.Diff(byTest, got); d != "" {
		t.Errorf("a kind that kustomize does not know (-want +got):\n%s", d)
	}
	web := report.Object{APIVersion: "v1", Kind: "Pod", Namespace: "shop", Name: "web"}
	const before = `{"metadata":{"name":"web","namespace":"no"},"spec":{"containers":[{"name":"a"},{"name":"b"}]}}`
	got = patchOf(t, "kustomize", web, before, strings.Replace(before, `"b"`, `"b","x":1`, 1))
	const byName = head + "- patch: |-\n    apiVersion: v1\n    kind: Pod\n    metadata:\n      name: web\n      namespace: \"no\"\n    spec:\n      containers:\n" +
		"        - name: a\n        - name: b\n          x: 1\n"
	if d := cmp.Diff(byName, got); d != "" {
		t.Errorf("a kind that it knows (-want +got):\n%s", d)
	}
}

func TestATableSaysWhatIsFixedForReviewAndLeft(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w, _ := report.NewFix("table", "restricted:latest", &b, report.Style{Width: 60})
	empty := report.FixResult{Object: report.Object{Kind: "Pod", Name: "fine"}}
	r := report.FixResult{
		Source: report.Source{File: "a.yaml", Line: 2}, Object: report.Object{APIVersion: "v1", Kind: "Pod", Namespace: "shop", Name: "a\x1b"},
		Changes: []report.FixChange{
			{Path: "spec.a", Value: false, Line: 3, Column: 4}, {Path: "spec.drop", Action: "append", Value: "ALL", Review: "look at it"},
			{Path: "spec.drop", Action: "append", Was: []any{"X"}, Value: "ALL", Review: "look at it"}, {Path: "spec.user", Action: "remove", Was: 0, Review: "ask"},
			{Path: "spec.drop", Action: "append", Was: []any{}, Value: "ALL", Review: "look at it"},
			{Path: "spec.sysctls[0]", Action: "remove", Was: map[string]any{"name": "a", "value": nil, "b": []any{}}, Review: "ask"},
		},
		Left: []report.FixLeft{{Path: "spec.v[0].hostPath", Value: "hostPath", Reason: "manual", Advice: "use another one"}, {Path: "spec.p", Value: true, Reason: "stated", Advice: "remove it"},
			{Path: `annotations["example.com/a"]`, Reason: "manual", Advice: "look"}, {Path: `metadata.annotations["example.com/b"]`, Reason: "manual", Advice: "look"},
			{Path: "spec.c[0].seccomp.type", Reason: "manual", Advice: "one"}, {Path: "spec.c[1].appArmor.type", Reason: "manual", Advice: "other"},
			{Path: "spec.c[0].x.type", Reason: "manual", Advice: "one"}, {Path: "spec.c[1].x.type", Reason: "manual", Advice: "other"}},
	}
	for _, err := range []error{w.Result(&empty), w.Result(&r), w.Close(report.FixSummary{})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const want = `pod/a\x1b  shop  a.yaml:2
          LINE  PATH                                   IS                             WILL BE
  fixed   3:4   spec.a                                 not set                        false
  review  -     spec.drop                              not set                        [ALL]
  review  -     spec.drop                              [X]                            and ALL
  review  -     spec.user                              0                              removed
  review  -     spec.drop                              []                             [ALL]
  review  -     spec.sysctls[0]                        {b: [], name: a, value: null}  removed
  left    -     spec.v[0].hostPath                     hostPath                       the same
  left    -     spec.p                                 true                           the same
  left    -     annotations["example.com/a"]           not set                        the same
  left    -     metadata.annotations["example.com/b"]  not set                        the same
  left    -     spec.c[0].seccomp.type                 not set                        the same
  left    -     spec.c[1].appArmor.type                not set                        the same
  left    -     spec.c[0].x.type                       not set                        the same
  left    -     spec.c[1].x.type                       not set                        the same
  review drop: look at it
  review user: ask
  review sysctls: ask
  left hostPath: use another one
  left p: remove it; --overwrite does it
  left annotations["example.com/a"]: look
  left annotations["example.com/b"]: look
  left seccomp.type: one
  left appArmor.type: other
  left c[0].x.type: one
  left c[1].x.type: other
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
