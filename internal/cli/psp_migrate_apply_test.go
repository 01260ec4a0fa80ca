package cli

import (
	"encoding/json"
	"net/http"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/pss"
)

// labelledAlready are the labels of a namespace in which nothing but
// PodSecurityPolicy is left.
func labelledAlready() map[string]string {
	return map[string]string{
		pss.EnforceLabel: "restricted", pss.EnforceVersionLabel: "v1.24", pss.AuditLabel: "restricted", pss.AuditVersionLabel: "latest",
		pss.WarnLabel: "restricted", pss.WarnVersionLabel: "latest",
	}
}

// bypass are the writes that take PodSecurityPolicy away in namespaces.
func bypass(namespaces ...string) []string {
	const rbac = "rbac.authorization.k8s.io/v1/"
	all := []string{"policy/v1beta1/podsecuritypolicies/" + psp.BypassName, rbac + "clusterroles/" + bypassBinding}
	for _, name := range namespaces {
		all = append(all, rbac+"namespaces/"+name+"/rolebindings/"+bypassBinding)
	}
	return all
}

func TestPodSecurityPolicyIsTakenAwayOnlyWhereTheAnswerIsYes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, typed string
		args        []string
		code        int
		want        []string
		asked       []string
	}{
		{"yes to both", "y\nyes\n", nil, 0, bypass("blog", "shop"), []string{"blog", "shop"}},
		{"yes to one", "n\ny\n", nil, 1, bypass("shop"), []string{"blog", "shop"}},
		{"yes to the other", "y\nn\n", nil, 1, bypass("blog"), []string{"blog", "shop"}},
		{"no to both", "n\n\n", nil, 1, nil, []string{"blog", "shop"}},
		{"no answer", "", nil, 1, nil, []string{"blog", "shop"}},
		{"nobody is asked", "", []string{"--yes"}, 0, bypass("blog", "shop"), nil},
		{"one that was asked for", "y\n", []string{"shop"}, 0, bypass("shop"), []string{"shop"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api := &oldServer{t: t, labels: map[string]map[string]string{"blog": labelledAlready(), "shop": labelledAlready()}}
			s, out, stderr := atTerminal(t, api, c.typed, append([]string{"psp", "migrate", "--apply"}, c.args...)...)
			if code := Main(s); code != c.code {
				t.Errorf("exit code %d, want %d: %s%s", code, c.code, out, stderr)
			}
			if diff := cmp.Diff(c.want, api.written); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
			for _, name := range []string{"blog", "shop"} {
				question := "Take PodSecurityPolicy away in namespace " + name + "? [y/N] "
				if got := strings.Contains(stderr.String(), question); got != slices.Contains(c.asked, name) {
					t.Errorf("asked about %s: %v:\n%s", name, got, stderr)
				}
				taken := slices.Contains(c.want, bypass(name)[2])
				if strings.Contains(out.String(), "namespace/"+name+": PodSecurityPolicy does nothing there any more") != taken {
					t.Errorf("%s: taken away %v, and that is not said:\n%s", name, taken, out)
				}
			}
		})
	}
}

func TestLabelsAreAskedForFirstAndWithoutThemNothingIsTakenAway(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string][]string{
		"y\ny\n": append([]string{"namespaces/shop"}, bypass("shop")...), "y\nn\n": {"namespaces/shop"}, "n\ny\n": nil, "": nil,
	} {
		api := &oldServer{t: t, labels: map[string]map[string]string{"shop": nil}}
		s, out, stderr := atTerminal(t, api, typed, "psp", "migrate", "--apply", "--undo-file="+filepath.Join(t.TempDir(), "undo.json"))
		code := Main(s)
		if done := len(want) > 1; (code == 0) != done {
			t.Errorf("%q: exit code %d: %s%s", typed, code, out, stderr)
		}
		if diff := cmp.Diff(want, api.written); diff != "" {
			t.Errorf("%q: written (-want +got):\n%s", typed, diff)
		}
	}
}

// inShort are paths as oldServer says that they were written.
func inShort(paths ...string) (short []string) {
	for _, at := range paths {
		short = append(short, strings.TrimPrefix(at, "/apis/"))
	}
	return short
}

func TestEachStepIsDoneAfterTheOneBeforeAndOnlyWhereTheAnswerIsYes(t *testing.T) {
	t.Parallel()
	copies, patch, labels := inShort(copyOfR, roleOfR), inShort(webOfOld), []string{"namespaces/shop"}
	all := slices.Concat(patch, copies, labels, bypass("shop"))
	uncopied := slices.Concat(patch, labels, bypass("shop"))
	for _, c := range []struct {
		name, typed string
		args        []string
		code        int
		want        []string
		says        string
	}{
		{"yes to all", "y\ny\ny\ny\n", nil, 0, all, "Make PodSecurityPolicy 0-r, r without "},
		{"nobody is asked", "", []string{"--yes"}, 0, all, "1 namespace: 0 done, 1 to label"},
		{"no to the copy", "y\nn\ny\ny\n", nil, 1, uncopied, "and let 0-r be used beside r by ClusterRole use-r? [y/N]"},
		{"no to the patch, without which the namespace is not ready", "n\ny\n", nil, 1, nil, "no namespace is ready to be labelled"},
		{"no to the patch, without which nothing is copied", "n\ny\n", nil, 1, nil, "PodSecurityPolicy 0-r is left as it is: these templates have to say first what it does without: deployment.apps/web in namespace shop; run it again once they do\n"},
		{"no to the labels", "y\ny\nn\n", nil, 1, all[:3], "Patch deployment.apps/web in namespace shop, which rolls its pods out anew? [y/N]"},
		{"no to the end of PodSecurityPolicy", "y\ny\ny\nn\n", nil, 1, all[:4], "PodSecurityPolicy was taken away in 0 of 1 namespace"},
		{"no answer", "", nil, 1, nil, "  spec.containers[0].securityContext.capabilities.drop: [\"CHOWN\"], to be [\"ALL\",\"CHOWN\"]"},
		{"one namespace, for which nothing is copied", "y\ny\ny\n", []string{"shop"}, 0, uncopied, "note: step 2 is left: a copy counts in the whole cluster"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api := oldWorld(t)
			s, out, stderr := atTerminal(t, api, c.typed, append([]string{"psp", "migrate", "--apply", "--undo-file=" + filepath.Join(t.TempDir(), "undo.json")}, c.args...)...)
			if code := Main(s); code != c.code {
				t.Errorf("exit code %d, want %d: %s%s", code, c.code, out, stderr)
			}
			if diff := cmp.Diff(c.want, api.written); diff != "" {
				t.Errorf("written (-want +got):\n%s\n%s", diff, stderr)
			}
			if !strings.Contains(stderr.String(), c.says) {
				t.Errorf("%q is not said:\n%s", c.says, stderr)
			}
		})
	}
}

func TestEveryLineOfWhatWasDoneEndsWithTheCommandThatTakesItBack(t *testing.T) {
	t.Parallel()
	s, out, stderr := atTerminal(t, oldWorld(t), "", "psp", "migrate", "--apply", "--yes", "--undo-file="+filepath.Join(t.TempDir(), "undo.json"))
	if code := Main(s); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, want := range []string{
		"PodSecurityPolicy 0-r: made, r without metadata.annotations[seccomp.security.alpha.kubernetes.io/defaultProfileName], allowedHostPaths; to go back: kubectl delete podsecuritypolicy 0-r\n",
		`ClusterRole use-r: lets PodSecurityPolicy 0-r be used beside r; to go back: kubectl patch clusterrole use-r --type=json -p ` +
			`'[{"op":"test","path":"/rules/1/resourceNames/1","value":"0-r"},{"op":"remove","path":"/rules/1/resourceNames/1"}]'` + "\n",
		`deployment.apps/web in namespace shop: patched, its pods are rolled out anew; to go back: kubectl -n shop patch deployment.apps/web -p ` +
			`'{"spec":{"template":{"spec":{"containers":[{"name":"web","securityContext":{"allowPrivilegeEscalation":null,"capabilities":{"drop":["CHOWN"]},"runAsNonRoot":null}}],"securityContext":{"seccompProfile":null}}}}}'` + "\n",
		"PodSecurityPolicy 0--gabion-privileged: made, for the namespaces that are given it; to go back: kubectl delete podsecuritypolicy 0--gabion-privileged\n",
		"ClusterRole gabion-bypass-psp: made, for the namespaces that are given it; to go back: kubectl delete clusterrole gabion-bypass-psp\n",
		"namespace/shop: PodSecurityPolicy does nothing there any more; to go back: kubectl -n shop delete rolebinding gabion-bypass-psp\n",
	} {
		if !strings.Contains(out.String(), "\n"+want) {
			t.Errorf("this is not said: %s\n%s", want, out)
		}
	}
}

func TestWhatIsRefusedIsSaidInALineAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	copied, role, patch := inShort(copyOfR), inShort(roleOfR), inShort(webOfOld)
	rest := append([]string{"namespaces/shop"}, bypass("shop")...)
	const bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings"
	for _, c := range []struct {
		name, refused string
		want          []string
		says          string
	}{
		{"a copy, whose use is given to nobody then", "POST " + path.Dir(copyOfR), slices.Concat(patch, rest[:1], rest[2:]), "PodSecurityPolicy 0-r is left as it is: you may not; "},
		{"a role that may not be written", "PATCH " + roleOfR, slices.Concat(patch, copied, rest), "ClusterRole use-r is left as it is: you may not; somebody who may give it has to: "},
		{"a role that may not be read", "GET " + roleOfR, slices.Concat(patch, copied, rest), "ClusterRole use-r is left as it is: you may not; "},
		{"a patch, without which the namespace is not ready", "PATCH " + webOfOld, nil, "deployment.apps/web in namespace shop is left as it is: you may not; write it where the object comes from\n"},
		{"the role that 3d needs", "POST /apis/rbac.authorization.k8s.io/v1/clusterroles", slices.Concat(patch, copied, role, rest[:2]), "ClusterRole gabion-bypass-psp is left as it is: you may not; "},
		{"the binding of 3d", "POST " + bindings, slices.Concat(patch, copied, role, rest[:3]), "RoleBinding shop/gabion-bypass-psp is left as it is: you may not; "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api := oldWorld(t)
			api.refused = map[string]string{c.refused: "you may not"}
			if c.refused == "POST "+path.Dir(copyOfR) { // which 3d needs, too, unless it is there
				text, err := json.Marshal(psp.Bypass().Document())
				if err != nil {
					t.Fatal(err)
				}
				api.objects["/apis/"+bypass()[0]] = object(string(text))
			}
			checkLeft(t, api, 1, c.want, c.says)
		})
	}
}

// checkLeft has everything done that can be done, and something said.
func checkLeft(t *testing.T, api *oldServer, code int, want []string, says string) {
	t.Helper()
	s, out, stderr := atTerminal(t, api, "", "psp", "migrate", "--apply", "--yes", "--undo-file="+filepath.Join(t.TempDir(), "undo.json"))
	if got := Main(s); got != code {
		t.Errorf("exit code %d: %s%s", got, out, stderr)
	}
	if diff := cmp.Diff(want, api.written); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	if !strings.Contains("\n"+stderr.String(), "\n"+says) {
		t.Errorf("%q is not said:\n%s", says, stderr)
	}
}

func TestWhatSomebodyElseHasDoneMeanwhileStays(t *testing.T) {
	t.Parallel()
	copies, patch := inShort(copyOfR, roleOfR), inShort(webOfOld)
	rest := append([]string{"namespaces/shop"}, bypass("shop")...)
	all := slices.Concat(patch, copies, rest)
	container := func(s *oldServer) map[string]any {
		spec := s.objects[webOfOld]["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
		return spec["containers"].([]any)[0].(map[string]any)
	}
	forGood := func(r *http.Request) bool { return r.URL.Query().Get("dryRun") == "" }
	for _, c := range []struct {
		name, at string
		when     func(*http.Request) bool
		do       func(*oldServer)
		code     int
		want     []string
		says     string
	}{
		{"the status of a workload is none of it", "PATCH " + webOfOld, nil, func(s *oldServer) { s.touch(webOfOld) }, 0, all, ""},
		{"nor is another label of a role", "PATCH " + roleOfR, nil, func(s *oldServer) { s.touch(roleOfR) }, 0, all, ""},
		{"a template that was edited since it was read", "GET " + webOfOld, nil, func(s *oldServer) {
			container(s)["securityContext"] = map[string]any{"runAsNonRoot": true}
		}, 1, nil, "deployment.apps/web in namespace shop is left as it is: it has changed since it was read; run it again "},
		{"a template that is edited after the dry run", "PATCH " + webOfOld, forGood, func(s *oldServer) {
			container(s)["securityContext"] = map[string]any{"runAsUser": 7}
			s.touch(webOfOld)
		}, 1, nil, "deployment.apps/web in namespace shop is left as it is: it has changed since it was read; run it again "},
		{"a workload that is deleted", "GET " + webOfOld, nil, func(s *oldServer) { delete(s.objects, webOfOld) }, 1, append(slices.Clone(copies), rest...), "deployment.apps/web in namespace shop is left as it is: "},
		{"a role that names the policy no more", "GET " + roleOfR, nil, func(s *oldServer) { s.objects[roleOfR]["rules"] = []any{} }, 1,
			slices.Concat(patch, inShort(copyOfR), rest), "ClusterRole use-r is left as it is: it has changed since it was read; "},
		{"a policy of the copy's name", "POST " + path.Dir(copyOfR), forGood, func(s *oldServer) { s.objects[copyOfR] = s.objects[policyR] }, 1,
			slices.Concat(patch, rest), "PodSecurityPolicy 0-r is left as it is: it is there already; run it again "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api, done := oldWorld(t), false
			api.before = func(s *oldServer, r *http.Request) {
				if !done && r.Method+" "+r.URL.Path == c.at && (c.when == nil || c.when(r)) {
					done = true
					c.do(s)
				}
			}
			checkLeft(t, api, c.code, c.want, c.says)
		})
	}
}

func TestNeitherLabelsNorCopiesComeWhilePodsOfAnOlderTemplateMayBeMade(t *testing.T) {
	t.Parallel()
	const set = "/apis/apps/v1/namespaces/shop/statefulsets/web"
	const older = ": pods of older templates would be refused, or change, while these are being rolled out: "
	rest := slices.Concat(inShort(copyOfR, roleOfR), []string{"namespaces/shop"}, bypass("shop"))
	for _, c := range []struct {
		name, at, more string
		done           bool
	}{
		{"it was patched a moment ago", webOfOld, `{"metadata":{"generation":3},"status":{"observedGeneration":2,"replicas":3,"updatedReplicas":3}}`, false},
		{"some pods are of the new template", webOfOld, `{"metadata":{"generation":3},"status":{"observedGeneration":3,"replicas":4,"updatedReplicas":2}}`, false},
		{"all are", webOfOld, `{"metadata":{"generation":3},"status":{"observedGeneration":3,"replicas":3,"updatedReplicas":3}}`, true},
		{"there are no pods", webOfOld, `{"metadata":{"generation":3},"status":{"observedGeneration":2}}`, true},
		{"a StatefulSet", set, `{"kind":"StatefulSet","metadata":{"generation":3},"status":{"observedGeneration":3,"replicas":3,"updatedReplicas":2}}`, false},
		{"one that makes every pod of the new template", set, `{"kind":"StatefulSet","spec":{"updateStrategy":{"type":"OnDelete"}},"status":{"replicas":3}}`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api := oldWorld(t)
			workload, _ := merged(api.objects[webOfOld], object(c.more)).(map[string]any)
			delete(api.objects, webOfOld)
			api.objects[c.at] = workload
			if c.done {
				checkLeft(t, api, 0, append(inShort(c.at), rest...), "")
				return
			}
			checkLeft(t, api, 1, inShort(c.at), "PodSecurityPolicy 0-r is left as it is"+older)
			api.written = nil
			// On the next run the template is patched, and its pods are still rolled out.
			checkLeft(t, api, 1, inShort(copyOfR, roleOfR), "namespace shop is left as it is"+older)
			api.labels["shop"], api.written = labelledAlready(), nil
			checkLeft(t, api, 1, nil, "PodSecurityPolicy in namespace shop is left as it is"+older)
			status, _ := api.objects[c.at]["status"].(map[string]any)
			api.objects[c.at]["status"] = merged(status, object(`{"observedGeneration":3,"updatedReplicas":9}`))
			checkLeft(t, api, 0, bypass("shop"), "")
		})
	}
}

func TestWhatBelongsToOthersOrCannotBePatchedIsLeftAndSaysSo(t *testing.T) {
	t.Parallel()
	const job = "/apis/batch/v1/namespaces/shop/jobs/web"
	for _, c := range []struct {
		name string
		do   func(*oldServer)
		says string
	}{
		{"a Deployment of an operator's", func(s *oldServer) {
			metadata(s.objects[webOfOld])["ownerReferences"] = []any{object(`{"apiVersion":"shop.example/v1","kind":"Shop","name":"main","uid":"o","controller":true}`)}
		}, "deployment.apps/web in namespace shop is left as it is: Shop/main controls it and would undo that; change it there\n"},
		{"a Job", func(s *oldServer) {
			s.objects[job] = merged(s.objects[webOfOld], object(`{"apiVersion":"batch/v1","kind":"Job"}`)).(map[string]any)
			delete(s.objects, webOfOld)
		}, "job.batch/web in namespace shop is left as it is: the template of a Job never changes; "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api := oldWorld(t)
			c.do(api)
			checkLeft(t, api, 1, nil, c.says)
		})
	}
}

func TestWhatStepThreeDNeedsIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	policy, role, binding := "/apis/"+bypass("shop")[0], "/apis/"+bypass("shop")[1], "/apis/"+bypass("shop")[2]
	for _, c := range []struct {
		name, at, there string
		want            []string
		says            string
	}{
		{"a policy", policy, `{"kind":"PodSecurityPolicy","metadata":{"name":"` + psp.BypassName + `"},"spec":{"volumes":["*"],"seLinux":{"rule":"RunAsAny"},"runAsUser":{"rule":"RunAsAny"},"fsGroup":{"rule":"RunAsAny"},"supplementalGroups":{"rule":"RunAsAny"}}}`, nil, "PodSecurityPolicy 0--gabion-privileged"},
		{"a role", role, `{"metadata":{"name":"` + bypassBinding + `"},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}`, bypass()[:1], "ClusterRole gabion-bypass-psp"},
		{"a binding", binding, `{"metadata":{"name":"` + bypassBinding + `","namespace":"shop"},"roleRef":{"kind":"ClusterRole","name":"view"},"subjects":[]}`, bypass()[:2], "RoleBinding shop/gabion-bypass-psp"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api := &oldServer{t: t, labels: map[string]map[string]string{"shop": labelledAlready()}, objects: map[string]map[string]any{c.at: object(c.there)}}
			checkLeft(t, api, 1, c.want, c.says+" is left as it is: there is another one of its name; delete it to have it made anew\n")
			// What is as it should be is not made again.
			delete(api.objects, c.at)
			api.written = nil
			checkLeft(t, api, 0, bypass("shop")[len(c.want):], "")
		})
	}
}

func TestWhoWritesATemplateIsSaidInTheQuestion(t *testing.T) {
	t.Parallel()
	for mark, writer := range map[string]string{
		`"annotations":{"meta.helm.sh/release-name":"web"}`:                   "Helm",
		`"labels":{"argocd.argoproj.io/instance":"web"}`:                      "Argo CD",
		`"labels":{"kustomize.toolkit.fluxcd.io/name":"web"}`:                 "Flux",
		`"labels":{"app.kubernetes.io/managed-by":"Kapp"}`:                    "Kapp",
		`"labels":{"app.kubernetes.io/name":"web"},"annotations":{"a/b":"c"}`: "",
	} {
		api := oldWorld(t)
		api.objects[webOfOld], _ = merged(api.objects[webOfOld], object(`{"metadata":{`+mark+`}}`)).(map[string]any)
		s, out, stderr := atTerminal(t, api, "y\n", "psp", "migrate", "--apply")
		Main(s)
		want := "; " + writer + " writes it: write it there, too, or it is undone"
		if writer == "" {
			want = ""
		}
		if !strings.Contains(stderr.String(), "which rolls its pods out anew"+want+"? [y/N]") || !strings.Contains(out.String(), "its pods are rolled out anew"+want+"; to go back: ") {
			t.Errorf("%s: %s%s", mark, stderr, out)
		}
	}
}

func TestALineThatIsReadLeavesTheNextOne(t *testing.T) {
	t.Parallel()
	in := strings.NewReader("one\ntwo")
	for _, want := range []string{"one\n", "two", ""} {
		if got := readLine(in); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
