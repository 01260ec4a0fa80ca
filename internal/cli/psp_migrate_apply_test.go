package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/pss"
)

// oldServer is an API server of Kubernetes 1.24 with a policy and some empty
// namespaces. It keeps the labels that it is given, and says what was written.
type oldServer struct {
	t       *testing.T
	labels  map[string]map[string]string // by namespace
	written []string
}

// labelledAlready are the labels of a namespace in which nothing but
// PodSecurityPolicy is left.
func labelledAlready() map[string]string {
	return map[string]string{
		pss.EnforceLabel: "restricted", pss.EnforceVersionLabel: "v1.24", pss.AuditLabel: "restricted", pss.AuditVersionLabel: "latest",
		pss.WarnLabel: "restricted", pss.WarnVersionLabel: "latest",
	}
}

func (s *oldServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	dir, name := path.Split(r.URL.Path)
	switch {
	case r.URL.Path == "/version":
		_, _ = io.WriteString(w, `{"major": "1", "minor": "24", "gitVersion": "v1.24.17"}`)
	case r.URL.Path == "/apis":
		_, _ = io.WriteString(w, `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`)
	case r.Method == http.MethodPatch && dir != "/api/v1/namespaces/":
		s.written = append(s.written, strings.TrimPrefix(r.URL.Path, "/apis/"))
		_, _ = io.Copy(w, r.Body)
	case r.URL.Path == "/api/v1/namespaces":
		list := corev1.NamespaceList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NamespaceList"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"}}
		for _, name := range slices.Sorted(maps.Keys(s.labels)) {
			list.Items = append(list.Items, s.namespace(name))
		}
		s.encode(w, list)
	case dir == "/api/v1/namespaces/":
		n := s.namespace(name)
		if r.Method == http.MethodPatch {
			if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
				s.t.Error(err)
			}
			if r.URL.Query().Get("dryRun") == "" {
				s.labels[name] = n.Labels
				s.written = append(s.written, "namespaces/"+name)
			}
		}
		s.encode(w, n)
	case name == "podsecuritypolicies":
		_, _ = fmt.Fprintf(w, `{"metadata":{},"items":[{"metadata":{"name":"p"},"spec":%s}]}`,
			`{"volumes":["*"],"seLinux":{"rule":"RunAsAny"},"runAsUser":{"rule":"RunAsAny"},"fsGroup":{"rule":"RunAsAny"},"supplementalGroups":{"rule":"RunAsAny"}}`)
	default:
		_, _ = io.WriteString(w, s.list(name))
	}
}

func (s *oldServer) encode(w io.Writer, object any) {
	if err := json.NewEncoder(w).Encode(object); err != nil {
		s.t.Error(err)
	}
}

func (s *oldServer) namespace(name string) corev1.Namespace {
	return corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: "u", ResourceVersion: "7", Labels: maps.Clone(s.labels[name])},
	}
}

// list is an empty list of a resource.
func (s *oldServer) list(resource string) string {
	kinds := map[string]string{
		"pods": "v1 Pod", "podtemplates": "v1 PodTemplate", "replicationcontrollers": "v1 ReplicationController", "serviceaccounts": "v1 ServiceAccount",
		"daemonsets": "apps/v1 DaemonSet", "deployments": "apps/v1 Deployment", "replicasets": "apps/v1 ReplicaSet", "statefulsets": "apps/v1 StatefulSet",
		"cronjobs": "batch/v1 CronJob", "jobs": "batch/v1 Job", "customresourcedefinitions": "apiextensions.k8s.io/v1 CustomResourceDefinition",
		"roles": "rbac.authorization.k8s.io/v1 Role", "rolebindings": "rbac.authorization.k8s.io/v1 RoleBinding",
		"clusterroles": "rbac.authorization.k8s.io/v1 ClusterRole", "clusterrolebindings": "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
	}
	version, kind, _ := strings.Cut(kinds[resource], " ")
	return fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"resourceVersion":"1"},"items":[]}`, version, kind+"List")
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

func TestALineThatIsReadLeavesTheNextOne(t *testing.T) {
	t.Parallel()
	in := strings.NewReader("one\ntwo")
	for _, want := range []string{"one\n", "two", ""} {
		if got := readLine(in); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
