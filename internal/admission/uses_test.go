package admission

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// logged keeps what is logged.
type logged struct {
	mu  sync.Mutex
	all []string
}

func (l *logged) LogUses(exceptions []string, of Workload) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, strings.Join(exceptions, ",")+" for "+of.Namespace+" "+of.Kind+" "+of.Name)
}

func TestUsesOfExceptionsAreLoggedUnlessNothingComesOfTheRequest(t *testing.T) {
	t.Parallel()
	mesh := meshPod("mesh", "")
	owned := func(controller, hash string) string {
		return strings.Replace(mesh, `"metadata":{"name":"p"`, `"metadata":{"name":"p","labels":{"pod-template-hash":"`+hash+`"},"ownerReferences":[{`+controller+`,"uid":"u","controller":true}]`, 1)
	}
	deployment := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"template":` + strings.TrimPrefix(mesh, `{"apiVersion":"v1","kind":"Pod",`)
	deployment = strings.Replace(deployment, `"template":`, `"template":{`, 1) + `}}`
	const replicaSet = `"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-5d4"`
	for _, c := range []struct {
		name string
		req  Request
		want []string
	}{
		{"a pod by itself", pod(Create, "baseline", mesh), []string{"mesh for baseline pod p"}},
		{"a pod for which nothing is excepted", pod(Create, "baseline", meshPod("other", "")), nil},
		{"a pod that is refused all the same", pod(Create, "baseline", meshPod("mesh", `,"hostPID":true`)), []string{"mesh for baseline pod p"}},
		{"a trial", pod(Create, "baseline", mesh, func(r *Request) { r.DryRun = true }), nil},
		{"a pod of a controller", pod(Create, "baseline", owned(`"apiVersion":"v1","kind":"ReplicationController","name":"rc"`, "")), []string{"mesh for baseline replicationcontroller rc"}},
		{"a pod of a Deployment", pod(Create, "baseline", owned(replicaSet, "5d4")), []string{"mesh for baseline deployment.apps web"}},
		{"a pod of a ReplicaSet", pod(Create, "baseline", owned(replicaSet, "other")), []string{"mesh for baseline replicaset.apps web-5d4"}},
		{"a pod of a ReplicaSet without a hash", pod(Create, "baseline", owned(`"apiVersion":"apps/v1","kind":"ReplicaSet","name":"-"`, "")), []string{"mesh for baseline replicaset.apps -"}},
		{
			"a Deployment", pod(Create, "baseline", deployment, func(r *Request) {
				r.Group, r.Resource, r.Kind, r.KindGroup, r.Name = "apps", "deployments", "Deployment", "apps", "d"
			}), []string{"mesh for baseline deployment.apps d"},
		},
	} {
		w, log := newWorld(), &logged{}
		config := DefaultConfig()
		controller, err := New(Options{Config: config, Namespaces: w, Pods: w, Recorder: w, Exceptions: sidecar(time.Time{}), Uses: log})
		if err != nil {
			t.Fatal(err)
		}
		controller.Decide(t.Context(), c.req)
		if diff := cmp.Diff(c.want, log.all); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestAWorkloadThatIsOnlyJudgedEarlyUsesExceptionsToo where no mode looks at it.
func TestAWorkloadThatIsOnlyJudgedEarlyUsesExceptionsToo(t *testing.T) {
	t.Parallel()
	w, log := newWorld(), &logged{}
	w.namespaces["quiet"] = map[string]string{"pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/warn": "privileged"}
	controller, err := New(Options{Config: DefaultConfig(), Namespaces: w, Pods: w, Exceptions: sidecar(time.Time{}), Uses: log})
	if err != nil {
		t.Fatal(err)
	}
	controller.setPodGuards(func(string, map[string]string) PodGuarding { return PodGuarding{Workloads: EarlyWarn} })
	template := strings.TrimPrefix(meshPod("mesh", ""), `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},`)
	object := `{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"template":{` + template + `}}`
	d := controller.Decide(t.Context(), job("quiet", object, func(r *Request) { r.KindGroup, r.Name = "batch", "j" }))
	if !d.Allowed || len(d.Warnings) > 0 || !cmp.Equal(log.all, []string{"mesh for quiet job.batch j"}) {
		t.Errorf("%+v, logged %q", d, log.all)
	}
}
