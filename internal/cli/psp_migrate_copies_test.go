package cli

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/psp"
)

func TestAPolicyOfTheCopysNameThatIsNoneIsNeitherWrittenOverNorGiven(t *testing.T) {
	t.Parallel()
	patched := append(inShort(webOfOld, "namespaces/shop"), bypass("shop")...)
	lax := object(`{"metadata":{"name":"0-r"},"spec":{"privileged":true,"volumes":["*"],"seLinux":{"rule":"RunAsAny"},"runAsUser":{"rule":"RunAsAny"},"fsGroup":{"rule":"RunAsAny"},"supplementalGroups":{"rule":"RunAsAny"}}}`)
	api := oldWorld(t)
	api.objects[copyOfR] = lax
	checkLeft(t, api, 1, patched, "PodSecurityPolicy 0-r is left as it is: it is not the copy of r as it is now; ")

	// With the copy itself there, only what is missing is done.
	once := oldWorld(t)
	once.refused = map[string]string{"PATCH " + roleOfR: "you may not"}
	checkLeft(t, once, 1, slices.Insert(slices.Clone(patched), 1, inShort(copyOfR)...), "")
	once.refused, once.written = nil, nil
	checkLeft(t, once, 0, inShort(roleOfR), "")
	once.written = nil
	checkLeft(t, once, 0, nil, "no namespace is ready to be labelled")
}

func TestACopyThatIsThereProvesNothingUntilPodsHaveBeenAdmittedByIt(t *testing.T) {
	t.Parallel()
	const seccomp, other = `"seccompProfile":{"type":"RuntimeDefault"}`, `"runAsNonRoot":true`
	pod := func(policy string) map[string]any {
		return object(`{"metadata":{"name":"web-` + policy + `","namespace":"shop","annotations":{"kubernetes.io/psp":"` + policy + `"},
			"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"w","controller":true}]},
			"spec":{"containers":[{"name":"web","image":"i"}]}}`)
	}
	for _, c := range []struct {
		name string
		pods []string // by the policies that they were admitted by
		want bool     // that the template has to say what the copy leaves out
	}{
		{"no pod is there", nil, true},
		{"a pod that the original admitted", []string{"r"}, true},
		{"one by each, while pods are rolled out", []string{"0-r", "r"}, true},
		{"all by the copy", []string{"0-r"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api, empty := oldWorld(t), oldWorld(t)
			delete(empty.objects, webOfOld) // which has to be patched before
			checkLeft(t, empty, 0, slices.Concat(inShort(copyOfR, roleOfR), []string{"namespaces/shop"}, bypass("shop")), "")
			for _, at := range []string{copyOfR, roleOfR} {
				api.objects[at] = empty.objects[at]
			}
			for _, policy := range c.pods {
				api.objects["/api/v1/namespaces/shop/pods/web-"+policy] = pod(policy)
			}
			s, out, stderr := atTerminal(t, api, "", "psp", "migrate")
			if code := Main(s); code != 0 {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			if got := strings.Contains(out.String(), seccomp); got != c.want || !strings.Contains(out.String(), other) {
				t.Errorf("the template has to say its seccomp profile: %v\n%s", got, out)
			}
		})
	}
}

func TestACopyThatAdmitsMoreIsMadeOnlyBySomebodyWhoKnows(t *testing.T) {
	t.Parallel()
	const more = `from then on every path of the node, writable: allowedHostPaths [{"pathPrefix":"/var"}] counts no more ('gabion psp convert' keeps it as a profile)`
	const left = "PodSecurityPolicy 0-r is left as it is: " + more + "; pass --allow-weaker to have it all the same\n"
	rest := slices.Concat(inShort(webOfOld), []string{"namespaces/shop"}, bypass("shop"))
	all := slices.Insert(slices.Clone(rest), 1, inShort(copyOfR, roleOfR)...)
	for _, c := range []struct {
		name, typed string
		args        []string
		want        []string
		says        string
	}{
		{"nobody is asked", "", []string{"--yes"}, rest, left},
		{"nobody is asked, and it is meant", "", []string{"--yes", "--allow-weaker"}, all, ""},
		{"yes to all", "y\ny\ny\ny\n", nil, all, "allowedHostPaths, and let 0-r be used beside r by ClusterRole use-r (" + more + ")? [y/N]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api := oldWorld(t)
			api.objects[policyR]["spec"].(map[string]any)["volumes"] = []any{"secret", "hostPath"}
			template := api.objects[webOfOld]["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
			template["automountServiceAccountToken"] = false
			s, out, stderr := atTerminal(t, api, c.typed, append([]string{"psp", "migrate", "--apply", "--undo-file=" + filepath.Join(t.TempDir(), "undo.json")}, c.args...)...)
			if code := Main(s); (code == 0) != (len(c.want) == len(all)) {
				t.Errorf("exit code %d: %s%s", code, out, stderr)
			}
			if diff := cmp.Diff(c.want, api.written); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
			if !strings.Contains(stderr.String(), c.says) || !strings.Contains(out.String(), "The copy of r admits more than it") {
				t.Errorf("%q is not said:\n%s%s", c.says, stderr, out)
			}
		})
	}
}

func TestACopyThatSomebodyMadeWithoutWhatChangesPodsIsReportedAsItIs(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		api := oldWorld(t)
		api.objects[policyR]["spec"].(map[string]any)["readOnlyRootFilesystem"] = true
		text, err := json.Marshal(api.objects[policyR])
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := psp.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		simplified, _ := p.Simplify("0-r", all)
		if text, err = json.Marshal(simplified.Document()); err != nil {
			t.Fatal(err)
		}
		api.objects[copyOfR] = object(string(text))
		s, out, stderr := atTerminal(t, api, "", "psp", "migrate")
		if code := Main(s); code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		const more = "from then on root filesystems that can be written: readOnlyRootFilesystem true counts no more"
		if got := strings.Contains(out.String(), more); got != all {
			t.Errorf("dropping all %v, and it says so: %v\n%s", all, got, out)
		}
	}
}
