package fix_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/fix"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// after fixes a pod spec and returns it, with what is left.
func after(t *testing.T, f fix.Fixer, spec string) (string, []string) {
	t.Helper()
	file := fixed(t, f, podHead+spec)
	return strings.TrimPrefix(string(file.After), podHead), left(file)
}

const safe = "{allowPrivilegeEscalation: false, capabilities: {drop: [\"ALL\"]}}"

func TestASettingOfThePodIsMadeInContainersWhereOneOfThemContradictsIt(t *testing.T) {
	t.Parallel()
	got, l := after(t, fixer(t), "  containers:\n  - {name: a, securityContext: {runAsUser: 0, seccompProfile: {type: Unconfined}}}\n  - {name: b}\n")
	const want = "  containers:\n  - {name: a, securityContext: {runAsUser: 0, seccompProfile: {type: Unconfined}, allowPrivilegeEscalation: false, capabilities: {drop: [\"ALL\"]}}}\n" +
		"  - {name: b, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [\"ALL\"]}, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}}\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	const c = "spec.containers[0].securityContext."
	if d := cmp.Diff([]string{c + "runAsNonRoot: conflict", c + "runAsUser: stated", c + "seccompProfile.type: stated"}, l); d != "" {
		t.Errorf("left (-want +got):\n%s", d)
	}
}

func TestContainersOfEveryKindAreFixed(t *testing.T) {
	t.Parallel()
	got, l := after(t, fixer(t), podSafe+"  initContainers:\n  - {name: a}\n  - {name: b, restartPolicy: Always}\n  containers:\n  - {name: c}\n  ephemeralContainers:\n  - {name: d}\n")
	want := podSafe + "  initContainers:\n  - {name: a, securityContext: " + safe + "}\n  - {name: b, restartPolicy: Always, securityContext: " + safe + "}\n" +
		"  containers:\n  - {name: c, securityContext: " + safe + "}\n  ephemeralContainers:\n  - {name: d, securityContext: " + safe + "}\n"
	if got != want || len(l) > 0 {
		t.Errorf("got\n%s\nleft: %q", got, l)
	}
}

func TestAPodOfWindowsGetsWhatTheAPIServerTakesForIt(t *testing.T) {
	t.Parallel()
	const spec = "  os: {name: windows}\n  containers:\n  - name: a\n"
	got, l := after(t, fixer(t), spec)
	if want := "  os: {name: windows}\n  securityContext:\n    runAsNonRoot: true\n  containers:\n  - name: a\n"; got != want || len(l) > 0 {
		t.Errorf("got\n%s\nleft: %q", got, l)
	}
	f := fixer(t)
	f.Policy.Version = pss.V1(24) // which asks for more than Windows can have
	got, l = after(t, f, spec)
	const c = "spec.containers[0].securityContext."
	want := []string{c + "allowPrivilegeEscalation: windows", c + "capabilities.drop: windows", c + "seccompProfile.type: windows"}
	if d := cmp.Diff(want, l); d != "" || strings.Contains(got, "drop") {
		t.Errorf("got\n%s\nleft (-want +got):\n%s", got, d)
	}
}

func TestOnlyWhatTheLevelAndTheVersionAskForIsSet(t *testing.T) {
	t.Parallel()
	f := fixer(t)
	f.Policy.Version = pss.V1(18)
	got, l := after(t, f, "  containers:\n  - name: a\n")
	if want := "  securityContext:\n    runAsNonRoot: true\n  containers:\n  - name: a\n    securityContext:\n      allowPrivilegeEscalation: false\n"; got != want || len(l) > 0 {
		t.Errorf("at v1.18:\n%s\nleft: %q", got, l)
	}
	f.Policy = pss.LevelVersion{Level: pss.Baseline, Version: pss.Latest}
	const spec = "  containers:\n  - name: a\n    securityContext: {privileged: true}\n"
	if got, l := after(t, f, spec); got != spec || len(l) != 1 {
		t.Errorf("at baseline:\n%s\nleft: %q", got, l)
	}
	f.Overwrite = true
	if got, l := after(t, f, spec); got != strings.Replace(spec, "true", "false", 1) || len(l) > 0 {
		t.Errorf("overwritten at baseline:\n%s\nleft: %q", got, l)
	}
}

func TestAnAnchorIsLeftWhereItIsNotRightForAllWhoHaveIt(t *testing.T) {
	t.Parallel()
	const text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: c}\n  data: &d {a: b}\n" +
		"- apiVersion: v1\n  kind: Pod\n  metadata: {name: p, labels: *d}\n  spec:\n    securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n" +
		"    nodeSelector: &n {}\n    containers:\n    - name: a\n      securityContext: *n\n    - name: b\n"
	file := fixed(t, fixer(t), text)
	const want = "+      securityContext:\n+        allowPrivilegeEscalation: false\n+        capabilities:\n+          drop: [\"ALL\"]"
	if d := cmp.Diff(want, diff(text, string(file.After))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	const c = "spec.containers[0].securityContext."
	if d := cmp.Diff([]string{c + "allowPrivilegeEscalation: text", c + "capabilities.drop: text"}, left(file)); d != "" {
		t.Errorf("left (-want +got):\n%s", d)
	}
	if advice := file.Items[1].Fixes[0].Left[0].Advice; !strings.Contains(advice, "anchor") {
		t.Errorf("the advice is %q", advice)
	}
}

func TestWhatStandsInAListBesideItsItemsStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, list := range []string{
		"apiVersion: v1\nkind: List\nx: &x {a: b}\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: p}\n  spec:\n    containers:\n    - name: a\n      securityContext: *x\n",
		"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  - apiVersion: v1\n    kind: Pod\n    spec:\n      containers:\n      - name: a\n        securityContext: &x {a: b}\n  y: *x\n",
	} {
		file := fixed(t, fixer(t), list)
		got := string(file.After)
		if !strings.Contains(got, "&x {a: b}\n") || !strings.Contains(got, "runAsNonRoot: true") || len(left(file)) != 2 {
			t.Errorf("left: %q in\n%s", left(file), got)
		}
	}
}

func TestMapsThatMergeEachOtherManyTimesOverAreFollowedOnce(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(podHead + podSafe + "  x:\n  - &m0 {k: 0}\n")
	for i := range 5 { // of many more the reader wants to know nothing
		fmt.Fprintf(&b, "  - &m%d {<<: [*m%d, *m%d], k: %d}\n", i+1, i, i, i)
	}
	b.WriteString("  containers:\n  - name: a\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n  - {<<: *m5, name: b}\n")
	file := fixed(t, fixer(t), b.String())
	if l := left(file); len(l) > 0 || !strings.Contains(string(file.After), "  - {<<: *m5, name: b, securityContext: "+safe+"}\n") {
		t.Errorf("left: %q in\n%s", l, file.After)
	}
}

func TestKindsThatAreNamedAreFixedWhereTheirTemplatesAre(t *testing.T) {
	t.Parallel()
	path, err := workload.ParseTemplatePath("example.com/Machine=.spec.roles[*].template")
	if err != nil {
		t.Fatal(err)
	}
	const text = "apiVersion: example.com/v1\nkind: Machine\nspec:\n  roles:\n  - template:\n      spec:\n        containers:\n        - name: a\n  - template: {spec: {containers: [{name: b}]}}\n"
	file := fixed(t, fixer(t, path), text)
	if l := left(file); len(l) > 0 || len(file.Items[0].Fixes) != 2 || strings.Count(string(file.After), "runAsNonRoot: true") != 2 {
		t.Errorf("left: %q in\n%s", l, file.After)
	}
}

func TestWhatCannotBeReadStaysAsItIsBesideWhatIsFixed(t *testing.T) {
	t.Parallel()
	const broken = "a: [\n---\n# only a comment\n---\n"
	file := fixed(t, fixer(t), "\ufeff"+broken+podHead+podSafe+"  containers: [{name: a}]\n---\nb: {\n")
	want := "\ufeff" + broken + podHead + podSafe + "  containers: [{name: a, securityContext: " + safe + "}]\n---\nb: {\n"
	if d := cmp.Diff(want, string(file.After)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestJSONStaysAsItIsWritten(t *testing.T) {
	t.Parallel()
	const compact = `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a","securityContext":{}}]}}`
	for before, want := range map[string]string{
		compact: `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a","securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}],` +
			`"securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}}}}`,
		"{\n\t\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\t\"spec\": {\n\t\t\"hostUsers\": true,\n\t\t\"securityContext\": {\"runAsNonRoot\": true, \"seccompProfile\": {\"type\": \"Localhost\"}},\n\t\t\"containers\": [\n\t\t\t{\n\t\t\t\t\"name\": \"\\u0061\\/\"\n\t\t\t}\n\t\t]\n\t}\n}\n": "{\n\t\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\t\"spec\": {\n\t\t\"hostUsers\": true,\n\t\t\"securityContext\": {\"runAsNonRoot\": true, \"seccompProfile\": {\"type\": \"Localhost\"}},\n\t\t\"containers\": [\n\t\t\t{\n\t\t\t\t\"name\": \"\\u0061\\/\",\n" +
			"\t\t\t\t\"securityContext\": {\n\t\t\t\t\t\"allowPrivilegeEscalation\": false,\n\t\t\t\t\t\"capabilities\": {\n\t\t\t\t\t\t\"drop\": [\n\t\t\t\t\t\t\t\"ALL\"\n\t\t\t\t\t\t]\n\t\t\t\t\t}\n\t\t\t\t}\n\t\t\t}\n\t\t]\n\t}\n}\n",
	} {
		file := fixed(t, fixer(t), before)
		if d := cmp.Diff(want, string(file.After)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		twice := fixed(t, fixer(t), before+" "+before) // a stream
		if d := cmp.Diff(want+" "+want, string(twice.After)); d != "" {
			t.Errorf("a stream (-want +got):\n%s", d)
		}
	}
}
