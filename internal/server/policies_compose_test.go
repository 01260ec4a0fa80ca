package server

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/guard"
	"github.com/gabion-security/gabion/internal/policy"
	"github.com/gabion-security/gabion/pss"
)

const noHostPaths = `apiVersion: gabion.io/v1alpha1
kind: PodSecurityProfile
metadata: {name: no-host-paths}
spec: {base: {level: baseline}, readOnlyRootFilesystem: Required}
`

// objectsOf are the objects that documents of YAML would be, in their order.
func objectsOf(t *testing.T, documents ...string) []document.Object {
	t.Helper()
	var all []document.Object
	for _, text := range documents {
		var head struct {
			Kind     string                `json:"kind"`
			Metadata struct{ Name string } `json:"metadata"`
		}
		json, err := yaml.YAMLToJSON([]byte(text))
		if err == nil {
			err = yaml.Unmarshal(json, &head)
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, document.Object{Kind: head.Kind, Name: head.Metadata.Name, JSON: json})
	}
	return all
}

// composing has a composer with the policies that it has used last, what it has
// recorded and what it has said.
type composing struct {
	composer

	used     policy.Set
	recorded string
	said     strings.Builder
}

func newComposing() *composing {
	c := &composing{}
	c.composer = composer{
		use:    func(p policy.Set) { c.used = p },
		record: func(ok bool) { c.recorded += map[bool]string{true: "+", false: "-"}[ok] },
		log:    slog.New(slog.NewTextHandler(&c.said, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	return c
}

func (c *composing) guardNames() string {
	var names []string
	for _, g := range c.used.Each {
		names = append(names, g.Name())
	}
	return strings.Join(names, ", ")
}

func folderOf(t *testing.T, files map[string]string) policy.Set {
	t.Helper()
	p, err := policy.ReadFolder(folder(files))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPoliciesAreThoseOfAFolderAndOfObjects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, folder string
		objects      []string
		guards       string
		profiles     int
		exceptions   string
		notes        []string // beginnings
	}{
		{"nothing", "# none\n", nil, "", 0, "", nil},
		{"a folder alone", guardA + "---\n" + noHostPaths + "---\n" + excepted("x"), nil, "a", 1, "x ", nil},
		{"objects alone", "# none\n", []string{guardA, noHostPaths, excepted("x")}, "a", 1, "x ", nil},
		{"both", guardA + "---\n" + excepted("x"), []string{guardB, noHostPaths, excepted("v")}, "a, b", 1, "v x ", nil},
		{
			"guards of one name count both", guardA, []string{guardA}, "a, a (object)", 0, "",
			[]string{"PodSecurityGuard a stands in the folder, too: both count"},
		},
		{
			"profiles of one name count neither", noHostPaths, []string{noHostPaths}, "", 0, "",
			[]string{"PodSecurityProfile no-host-paths stands in the folder, too: none of them counts"},
		},
		{
			"exceptions of one name count neither", excepted("x") + "---\n" + excepted("v"), []string{excepted("x"), excepted("a")}, "", 0, "a v ",
			[]string{"PodSecurityException x stands in the folder, too: none of them counts"},
		},
		{
			"what cannot be read is named", guardA, []string{guardHead + "metadata: {name: g}\n", strings.Replace(excepted("x"), "privileged", "privilege", 1)}, "a", 0, "",
			[]string{"PodSecurityGuard g: spec", `PodSecurityException x: spec.controls[0].id: "privilege"`},
		},
		{
			"a field that a definition does not know", "# none\n", []string{strings.Replace(guardA, "lock", "locked", 1)}, "", 0, "",
			[]string{`PodSecurityGuard a: unknown field "spec.locked": did you mean lock?`},
		},
	} {
		run := newComposing()
		run.setFolder(folderOf(t, map[string]string{"a.yaml": c.folder}))
		run.setObjects((&policy.ObjectReader{}).Read(objectsOf(t, c.objects...)), nil)
		if got := run.guardNames(); got != c.guards || len(run.used.Profiles) != c.profiles || namesOf(run.used.Exceptions) != c.exceptions {
			t.Errorf("%s: guards %q, %d profiles, exceptions %q; want %q, %d, %q", c.name, got, len(run.used.Profiles), namesOf(run.used.Exceptions), c.guards, c.profiles, c.exceptions)
		}
		if !slices.EqualFunc(run.notes, c.notes, strings.HasPrefix) {
			t.Errorf("%s: notes %q, want %q", c.name, run.notes, c.notes)
		}
		if want := map[bool]string{true: "+", false: "-"}[len(c.notes) == 0]; run.recorded != want || strings.Count(run.said.String(), "level=ERROR") != len(c.notes) {
			t.Errorf("%s: recorded %q, want %q; the log has %s", c.name, run.recorded, want, run.said.String())
		}
		run.setFolder(run.folder)
		if strings.Count(run.said.String(), "level=ERROR") != len(c.notes) {
			t.Errorf("%s: said again: %s", c.name, run.said.String())
		}
	}
}

func TestAnObjectThatCannotBeReadAnyMoreStaysAsItWas(t *testing.T) {
	t.Parallel()
	wrong := func(text string) string { return text + "status: 1\nother: 2\n" }
	run, reader := newComposing(), &policy.ObjectReader{}
	for _, step := range []struct {
		name       string
		objects    []string
		guards     string
		profiles   int
		exceptions string
		unready    []string // parts
	}{
		{"sound ones", []string{guardA, noHostPaths, excepted("x")}, "a", 1, "x ", nil},
		{
			"broken ones", []string{wrong(guardA), wrong(noHostPaths), wrong(excepted("x"))}, "a", 1, "",
			[]string{"PodSecurityGuard a: ", "PodSecurityProfile no-host-paths: "},
		},
		{"still broken", []string{wrong(guardA), noHostPaths, excepted("x")}, "a", 1, "x ", []string{"PodSecurityGuard a: "}},
		{"deleted", []string{noHostPaths}, "", 1, "", nil},
		{"broken from the beginning", []string{wrong(guardA), noHostPaths}, "", 1, "", []string{"PodSecurityGuard a: "}},
		{"mended", []string{guardA}, "a", 0, "", nil},
	} {
		run.setObjects(reader.Read(objectsOf(t, step.objects...)), nil)
		if run.guardNames() != step.guards || len(run.used.Profiles) != step.profiles || namesOf(run.used.Exceptions) != step.exceptions {
			t.Errorf("%s: guards %q, %d profiles, exceptions %q", step.name, run.guardNames(), len(run.used.Profiles), namesOf(run.used.Exceptions))
		}
		if got := run.notReady(); !slices.EqualFunc(got, step.unready, strings.Contains) {
			t.Errorf("%s: not ready: %q, want %q", step.name, got, step.unready)
		}
	}
	if run.recorded != "+--+-+" {
		t.Errorf("recorded %s", run.recorded)
	}
}

func TestAReloadSucceedsOnlyIfNothingIsWrongAnywhere(t *testing.T) {
	t.Parallel()
	run := newComposing()
	run.folderRead(true)
	run.setObjects(policy.Objects{ExceptionFaults: []string{"PodSecurityException x: wrong"}}, nil)
	run.folderRead(true)
	run.folderRead(false)
	run.setObjects(policy.Objects{}, nil)
	run.folderRead(true)
	if run.recorded != "+----+" {
		t.Errorf("recorded %s", run.recorded)
	}
}

// TestComingToBeExceptedIsAWeakening has the exceptions that matter be those of
// both sources.
func TestComingToBeExceptedIsAWeakening(t *testing.T) {
	t.Parallel()
	exceptionFor := func(name, namespaces, more string) string {
		return "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityException\nmetadata: {name: " + name + "}\n" +
			"spec: {reason: r, namespaces: {" + namespaces + "}, controls: [{id: privileged}]" + more + "}\n"
	}
	run := newComposing()
	run.setFolder(folderOf(t, map[string]string{
		"g.yaml": guardA,
		"x.yaml": exceptionFor("by-label", `selector: {matchLabels: {mesh: "on"}}`, "") + "---\n" + exceptionFor("everywhere", "all: true", "") +
			"---\n" + exceptionFor("ended", `selector: {matchLabels: {mesh: "on"}}`, `, expiresAt: "2020-01-01T00:00:00Z"`),
	}))
	run.setObjects((&policy.ObjectReader{}).Read(objectsOf(t, exceptionFor("by-name", "names: [shop]", ""))), nil)
	on, off := map[string]string{"mesh": "on"}, map[string]string{"mesh": "off"}
	for _, c := range []struct {
		name   string
		change guard.Change
		want   []string
	}{
		{"a label that is selected", guard.Change{Name: "web", Before: off, After: on}, []string{"by-label", "ended"}}, // who renews it thinks of other namespaces
		{"one that was selected before", guard.Change{Name: "web", Before: on, After: map[string]string{"mesh": "on", "a": "b"}}, nil},
		{"one that is selected no more", guard.Change{Name: "web", Before: on, After: off}, nil},
		{"a new namespace with such a name", guard.Change{Name: "shop", New: true}, []string{"by-name"}},
		{"with such a name and label", guard.Change{Name: "shop", New: true, After: on}, []string{"by-label", "by-name", "ended"}},
		{"another new one", guard.Change{Name: "web", New: true}, nil},
		{"another label where the name is excepted", guard.Change{Name: "shop", After: off}, nil},
	} {
		c.change.Defaults = pss.DefaultPolicy()
		var got []string
		for _, w := range run.used.Guards.Judge(c.change).Weakenings {
			if w.Kind != guard.Excepted {
				t.Errorf("%s: %s", c.name, w)
			}
			got = append(got, w.Exceptions...)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
