package plan_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// plane is the control plane that all tests use, one after the other: the last
// one restarts its API server.
var plane *cluster.Cluster

// looker is a user who may list namespaces and pods.
const looker = "looker"

func TestMain(m *testing.M) {
	os.Exit(cluster.Main(m, &plane, cluster.Options{AuditPolicy: cluster.AuditMetadata, Users: []cluster.User{{Name: looker}}})) //nolint:forbidigo // a TestMain is a main
}

const (
	namespaces = 300
	perSpace   = 33 // pods; with those that stand alone there are 10,000
	alone      = 100
)

// spec makes a pod that bears a level and no more.
func spec(level string, i int) corev1.PodSpec {
	s := corev1.PodSpec{
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name: "app", Image: "registry.example/app:1",
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
		}},
	}
	c := &s.Containers[0]
	switch level {
	case "baseline":
		[]func(){
			func() { s.SecurityContext.RunAsNonRoot = nil },
			func() { s.SecurityContext.SeccompProfile = nil },
			func() { c.SecurityContext.AllowPrivilegeEscalation = nil },
			func() { c.SecurityContext.Capabilities = nil },
			func() { c.SecurityContext.RunAsUser = new(int64(0)) },
			func() {
				s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "s", Path: "/"}}}}
			},
		}[i%6]()
	case "privileged":
		[]func(){
			func() { s.HostPID = true },
			func() { s.HostNetwork = true },
			func() { c.SecurityContext.Capabilities.Add = []corev1.Capability{"NET_ADMIN"} },
			func() { s.SecurityContext.SeccompProfile.Type = corev1.SeccompProfileTypeUnconfined },
			func() { c.Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 80}} },
			func() {
				s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}
			},
			func() {
				c.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Host: "10.0.0.1", Port: intOrString(1)}}}
			},
		}[i%7]()
	}
	return s
}

// levels are those of the standard; a namespace's pods and its templates bear
// one of them each.
var levels = []string{"privileged", "baseline", "restricted"}

// labels are what namespaces say before the plan.
var labels = []map[string]string{
	{},
	{"pod-security.kubernetes.io/enforce": "baseline"},
	{"pod-security.kubernetes.io/enforce": "restricted"},
	{"pod-security.kubernetes.io/enforce": "privileged", "pod-security.kubernetes.io/enforce-version": "latest"},
	{"pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/enforce-version": "v1.30"},
	{"gabion.io/manage": "false"},
	{"pod-security.kubernetes.io/warn": "restricted", "pod-security.kubernetes.io/audit": "baseline"},
}

// space is one namespace of the world.
type space struct {
	name            string
	pods, templates string // what they bear
	labels          map[string]string
	template        corev1.PodSpec
}

func world() []space {
	var all []space
	for i := range namespaces {
		s := space{
			name: fmt.Sprintf("team-%03d", i), pods: levels[i%3], templates: levels[i/3%3], labels: labels[i%len(labels)],
		}
		if i%2 == 0 {
			s.templates = s.pods // as it mostly is
		}
		s.template = spec(s.templates, i)
		all = append(all, s)
	}
	return all
}

// fill makes the namespaces with everything in them, then labels them: what their
// labels refuse was there before.
func fill(t *testing.T, spaces []space) {
	t.Helper()
	client := fastClient(t)
	each(t, len(spaces), func(ctx context.Context, i int) error { return fillSpace(ctx, client, &spaces[i], i) })
	each(t, len(spaces), func(ctx context.Context, i int) error {
		if len(spaces[i].labels) == 0 {
			return nil
		}
		_, err := patch(ctx, client, spaces[i].name, spaces[i].labels, false)
		return err
	})
}

func fillSpace(ctx context.Context, client kubernetes.Interface, s *space, i int) error {
	_, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.name}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}}, Spec: s.template}
	selector := &metav1.LabelSelector{MatchLabels: template.Labels}
	deployment, err := client.AppsV1().Deployments(s.name).Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: appsv1.DeploymentSpec{Selector: selector, Template: template},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	set, err := client.AppsV1().ReplicaSets(s.name).Create(ctx, &appsv1.ReplicaSet{
		ObjectMeta: owned("web-5d8f", "apps/v1", "Deployment", deployment.Name, deployment.UID), Spec: appsv1.ReplicaSetSpec{Selector: selector, Template: template},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if i%5 == 0 {
		template.Spec.RestartPolicy = corev1.RestartPolicyNever
		_, err := client.BatchV1().CronJobs(s.name).Create(ctx, &batchv1.CronJob{
			ObjectMeta: metav1.ObjectMeta{Name: "night"},
			Spec:       batchv1.CronJobSpec{Schedule: "0 0 * * *", JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: template}}},
		}, metav1.CreateOptions{})
		if err != nil {
			return err
		}
	}
	for j := range perSpace {
		pod := &corev1.Pod{ObjectMeta: owned(fmt.Sprintf("web-5d8f-%02d", j), "apps/v1", "ReplicaSet", set.Name, set.UID), Spec: spec(s.pods, i)}
		if _, err := client.CoreV1().Pods(s.name).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	if i >= alone {
		return nil
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "alone"}, Spec: spec(s.pods, i+1)}
	_, err = client.CoreV1().Pods(s.name).Create(ctx, pod, metav1.CreateOptions{})
	return err
}

func owned(name, apiVersion, kind, owner string, uid types.UID) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, OwnerReferences: []metav1.OwnerReference{
		{APIVersion: apiVersion, Kind: kind, Name: owner, UID: uid, Controller: new(true)},
	}}
}

// fastClient takes as little time of the API server as can be.
func fastClient(t *testing.T) kubernetes.Interface {
	t.Helper()
	config := plane.Config()
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.QPS, config.Burst = -1, -1
	config.WarningHandler = rest.NoWarnings{} // they are read from the answers
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// each does something for every index, a few at a time.
func each(t *testing.T, n int, do func(ctx context.Context, i int) error) {
	t.Helper()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(t.Context(), i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// patch sets labels of a namespace and returns the API server's warnings.
func patch(ctx context.Context, client kubernetes.Interface, name string, labels map[string]string, rehearse bool) ([]string, error) {
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels}})
	if err != nil {
		return nil, err
	}
	options := &metav1.PatchOptions{}
	if rehearse {
		options.DryRun = []string{metav1.DryRunAll}
	}
	result := client.CoreV1().RESTClient().Patch(types.MergePatchType).Resource("namespaces").Name(name).
		VersionedParams(options, scheme.ParameterCodec).Body(body).Do(ctx)
	var warnings []string
	for _, w := range result.Warnings() {
		warnings = append(warnings, w.Text)
	}
	return warnings, result.Error()
}
