package fix_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/fix"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// fixer returns one toward restricted.
func fixer(t *testing.T, paths ...workload.TemplatePath) fix.Fixer {
	t.Helper()
	reader, err := workload.NewReader(workload.Options{JSON: true, Paths: paths})
	if err != nil {
		t.Fatal(err)
	}
	return fix.Fixer{Reader: reader, Policy: pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest}}
}

// fixed fixes a text, and demands that nothing is done when it is fixed again.
func fixed(t *testing.T, f fix.Fixer, text string) *fix.File {
	t.Helper()
	file, err := f.File("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	again, err := f.File("test.yaml", file.After)
	if err != nil || len(again.Edits) > 0 {
		t.Errorf("fixed again: %v, %v", again.Edits, err)
	}
	return file
}

// left lists what is left of a file, with the reason.
func left(file *fix.File) (all []string) {
	for _, item := range file.Items {
		for _, f := range item.Fixes {
			for _, l := range f.Left {
				all = append(all, fmt.Sprintf("%s: %s", l.Path, l.Reason))
			}
		}
	}
	return all
}

const (
	podHead = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n"
	podSafe = "  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}\n"
)

// diff shows the lines that differ between two texts.
func diff(before, after string) string {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	var all []string
	for len(a)+len(b) > 0 {
		switch {
		case len(a) > 0 && len(b) > 0 && a[0] == b[0]:
			a, b = a[1:], b[1:]
		case len(b) > 0 && (len(a) == 0 || slices.Contains(b, a[0])):
			all, b = append(all, "+"+b[0]), b[1:]
		default:
			all, a = append(all, "-"+a[0]), a[1:]
		}
	}
	return strings.Join(all, "\n")
}

// editCases are pod specs, and the lines that change in them.
var editCases = map[string]struct{ spec, diff string }{
	"what covers all containers goes to the pod, above the comment of the containers": {
		"  # all of them\n  containers:\n  - name: a\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
		"+  securityContext:\n+    runAsNonRoot: true\n+    seccompProfile:\n+      type: RuntimeDefault",
	},
	"what is missing in a container goes to its end, below what is commented out there": {
		podSafe + "  containers:\n  - name: a # first\n    ports:\n    - containerPort: 1\n    # - containerPort: 2\n  # next\n  - name: b\n    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n",
		"+    securityContext:\n+      allowPrivilegeEscalation: false\n+      capabilities:\n+        drop: [\"ALL\"]",
	},
	"a list in block style gets an item in its own quotes": {
		podSafe + "  containers:\n  - name: a\n    securityContext:\n      allowPrivilegeEscalation: false\n      capabilities:\n        drop:\n          - 'KILL' # why\n",
		"+          - 'ALL'",
	},
	"brackets stay brackets": {
		podSafe + "  containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [KILL, ]}}}]\n",
		"-  containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [KILL, ]}}}]\n" +
			"+  containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [KILL, ALL, ]}}}]",
	},
	"a null that is written becomes a block, and its comment stays": {
		podSafe + "  containers:\n  - name: a\n    securityContext: ~ # none\n",
		"-    securityContext: ~ # none\n+    securityContext: # none\n+      allowPrivilegeEscalation: false\n+      capabilities:\n+        drop: [\"ALL\"]",
	},
	"empty brackets do the same": {
		podSafe + "  containers:\n  - name: a\n    securityContext: {}\n",
		"-    securityContext: {}\n+    securityContext:\n+      allowPrivilegeEscalation: false\n+      capabilities:\n+        drop: [\"ALL\"]",
	},
	"what has no value gets one": {
		podSafe + "  containers:\n  - name: a\n    securityContext:\n      allowPrivilegeEscalation:\n      capabilities: {drop: }\n",
		"-      allowPrivilegeEscalation:\n-      capabilities: {drop: }\n+      allowPrivilegeEscalation: false\n+      capabilities: {drop: [\"ALL\"]}",
	},
	"a text without a line end gets none": {
		podSafe + "  containers:\n  - name: a\n    securityContext:\n      capabilities: {drop: [ALL]}",
		"+      allowPrivilegeEscalation: false",
	},
	"a deeper indentation is kept": {
		podSafe + "  containers:\n      - name: a\n        securityContext:\n                capabilities:\n                        add: [NET_BIND_SERVICE]\n                allowPrivilegeEscalation: false\n",
		"+                        drop: [\"ALL\"]",
	},
	"a literal at the end keeps its lines": {
		podSafe + "  containers:\n  - securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n  - name: a\n    args:\n    - |+\n      a\n\n      # b\n\n",
		"+    securityContext:\n+      allowPrivilegeEscalation: false\n+      capabilities:\n+        drop: [\"ALL\"]",
	},
	"an anchor's value is changed for all who have it": {
		podSafe + "  containers:\n  - name: a\n    securityContext: &sc\n      runAsUser: 7\n  - name: b\n    securityContext: *sc\n",
		"+      allowPrivilegeEscalation: false\n+      capabilities:\n+        drop: [\"ALL\"]",
	},
	"what merge keys bring is changed where it stands": {
		podSafe + "  containers:\n  - &c\n    name: a\n    securityContext: {runAsUser: 7}\n  - <<: *c\n    name: b\n",
		"-    securityContext: {runAsUser: 7}\n+    securityContext: {runAsUser: 7, allowPrivilegeEscalation: false, capabilities: {drop: [\"ALL\"]}}",
	},
	"a map with a merge key gets its own": {
		podSafe + "  containers:\n  - name: a\n    securityContext: &sc {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n  - name: b\n    securityContext:\n      <<: *sc\n      capabilities: {drop: []}\n",
		"-      capabilities: {drop: []}\n+      capabilities: {drop: [\"ALL\"]}",
	},
	"tabs before comments and odd line ends in strings are no matter": {
		podSafe + "  containers:\n  - name: a\n    image: \"\u2028é\"\t# x\n    securityContext:\t# y\n      capabilities: {drop: [ALL]}\t# z\n",
		"+      allowPrivilegeEscalation: false",
	},
}

func TestOnlyTheLinesChangeThatItIsAbout(t *testing.T) {
	t.Parallel()
	for name, c := range editCases {
		before := podHead + c.spec
		file := fixed(t, fixer(t), before)
		if d := cmp.Diff(c.diff, diff(before, string(file.After))); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if l := left(file); len(l) > 0 {
			t.Errorf("%s: left: %q", name, l)
		}
		windows := strings.ReplaceAll(before, "\n", "\r\n")
		file = fixed(t, fixer(t), windows)
		if got := strings.ReplaceAll(string(file.After), "\r\n", "\n"); strings.Contains(got, "\r") || diff(before, got) != c.diff ||
			strings.Count(string(file.After), "\n") != strings.Count(string(file.After), "\r\n") {
			t.Errorf("%s, with the line ends of Windows:\n%q", name, file.After)
		}
		list := "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSuffix(before, "\n"), "\n", "\n  ") + "\n- apiVersion: v1\n  kind: Namespace\n"
		file = fixed(t, fixer(t), list)
		if l := left(file); len(l) > 0 || len(file.Edits) == 0 {
			t.Errorf("%s, in a List: left: %q", name, l)
		}
	}
}

func TestWhatIsStatedOtherwiseIsLeftUnlessItIsToBeOverwritten(t *testing.T) {
	t.Parallel()
	const stated = "  hostPID: true\n  containers:\n  - name: a\n    securityContext:\n      privileged: true\n" +
		"      procMount: Unmasked\n      runAsUser: 0\n      seccompProfile: {type: 'Unconfined'} # x\n      seLinuxOptions: {user: u, role: r}\n" +
		"      capabilities:\n        add:\n        - SYS_ADMIN\n        - KILL\n        drop: [ALL]\n"
	file := fixed(t, fixer(t), podHead+stated)
	if got := diff(podHead+stated, string(file.After)); got != "" {
		t.Errorf("changed:\n%s", got)
	}
	const c = "spec.containers[0].securityContext."
	want := []string{
		"spec.hostPID: manual", c + "privileged: stated", c + "seLinuxOptions.user: stated", c + "seLinuxOptions.role: stated",
		c + "allowPrivilegeEscalation: conflict", c + "capabilities.add[0]: stated", c + "capabilities.add[1]: stated", c + "procMount: stated",
		c + "runAsNonRoot: conflict", c + "runAsUser: stated", c + "seccompProfile.type: stated",
	}
	if d := cmp.Diff(want, left(file)); d != "" {
		t.Errorf("left (-want +got):\n%s", d)
	}
	f := fixer(t)
	f.Overwrite = true
	file = fixed(t, f, podHead+stated)
	const after = podHead + "  hostPID: true\n  securityContext:\n    runAsNonRoot: true\n  containers:\n  - name: a\n    securityContext:\n      privileged: false\n" +
		"      procMount: Default\n      seccompProfile: {type: 'RuntimeDefault'} # x\n" +
		"      capabilities:\n        drop: [ALL]\n      allowPrivilegeEscalation: false\n"
	if d := cmp.Diff(after, string(file.After)); d != "" {
		t.Errorf("overwritten (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"spec.hostPID: manual"}, left(file)); d != "" {
		t.Errorf("left (-want +got):\n%s", d)
	}
	for _, change := range file.Items[0].Fixes[0].Changes {
		if change.Stated && change.Review == "" {
			t.Errorf("%s is overwritten and nobody is to review it", change.Path)
		}
	}
}
