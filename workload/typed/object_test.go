package typed_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	"github.com/gabion-security/gabion/workload/typed"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func ptr[T any](v T) *T { return &v }

// template states something in every part of the view.
func template() corev1.PodTemplateSpec {
	container := corev1.Container{
		Name: "c", Image: "example.com/app",
		Ports:         []corev1.ContainerPort{{ContainerPort: 80}, {ContainerPort: 81, HostPort: 8081, Protocol: "UDP"}},
		LivenessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Host: "a"}}},
		Lifecycle: &corev1.Lifecycle{
			PostStart: &corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{}},
			PreStop:   &corev1.LifecycleHandler{TCPSocket: &corev1.TCPSocketAction{Host: "b"}},
		},
		Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{
			"cpu": resource.MustParse("500m"), "memory": resource.MustParse("1Gi"),
		}},
		VolumeMounts: []corev1.VolumeMount{{Name: "v", MountPath: "/v", ReadOnly: true}},
		SecurityContext: &corev1.SecurityContext{
			Privileged: ptr(true), AllowPrivilegeEscalation: ptr(false), ProcMount: ptr(corev1.UnmaskedProcMount),
			Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"A", "B"}, Drop: []corev1.Capability{"ALL"}},
			RunAsUser:    ptr(int64(0)), RunAsGroup: ptr(int64(1)), ReadOnlyRootFilesystem: ptr(true),
			WindowsOptions: &corev1.WindowsSecurityContextOptions{HostProcess: ptr(false)},
			SeccompProfile: &corev1.SeccompProfile{Type: "Localhost", LocalhostProfile: ptr("x")},
		},
	}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}, Annotations: map[string]string{
			pss.SeccompPodAnnotation: "unconfined", pss.AppArmorAnnotationPrefix + "init": "localhost/x", "other": "y",
			pss.SeccompContainerAnnotationPrefix + "c": "z",
		}},
		Spec: corev1.PodSpec{
			OS: &corev1.PodOS{Name: "linux"}, HostUsers: ptr(false), HostNetwork: true, HostIPC: true,
			Resources: &corev1.ResourceRequirements{
				Limits: corev1.ResourceList{"cpu": resource.MustParse("2"), "memory": resource.MustParse("3Gi")},
			},
			RuntimeClassName: ptr("gvisor"), ServiceAccountName: "sa", HostAliases: []corev1.HostAlias{{IP: "::1"}},
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: ptr(true), FSGroup: ptr(int64(2)), SupplementalGroups: []int64{3},
				SELinuxOptions:  &corev1.SELinuxOptions{Type: "t", User: "u", Role: "r", Level: "l"},
				AppArmorProfile: &corev1.AppArmorProfile{Type: "Localhost", LocalhostProfile: ptr("y")},
				Sysctls:         []corev1.Sysctl{{Name: "kernel.msgmax"}},
			},
			Volumes: []corev1.Volume{
				{Name: "none"},
				{Name: "v", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}},
				{Name: "i", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "r"}}},
			},
			InitContainers: []corev1.Container{{Name: "init", Ports: []corev1.ContainerPort{{ContainerPort: 82}}}},
			Containers:     []corev1.Container{container, {Name: "d"}},
			EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
				Name: "e", Ports: []corev1.ContainerPort{{ContainerPort: 83}},
			}}},
		},
	}
}

// objects are one of every kind, by the path of the template.
func objects() map[any]string {
	t := template()
	const ofSpec = "spec.template"
	core := func(kind string) metav1.TypeMeta { return metav1.TypeMeta{APIVersion: "v1", Kind: kind} }
	apps := func(kind string) metav1.TypeMeta { return metav1.TypeMeta{APIVersion: "apps/v1", Kind: kind} }
	batch := func(kind string) metav1.TypeMeta { return metav1.TypeMeta{APIVersion: "batch/v1", Kind: kind} }
	return map[any]string{
		&corev1.Pod{TypeMeta: core("Pod"), ObjectMeta: t.ObjectMeta, Spec: t.Spec}: "",
		&corev1.PodTemplate{TypeMeta: core("PodTemplate"), Template: t}:            "template",
		&corev1.ReplicationController{
			TypeMeta: core("ReplicationController"), Spec: corev1.ReplicationControllerSpec{Template: &t},
		}: ofSpec,
		&appsv1.ReplicaSet{TypeMeta: apps("ReplicaSet"), Spec: appsv1.ReplicaSetSpec{Template: t}}:    ofSpec,
		&appsv1.Deployment{TypeMeta: apps("Deployment"), Spec: appsv1.DeploymentSpec{Template: t}}:    ofSpec,
		&appsv1.StatefulSet{TypeMeta: apps("StatefulSet"), Spec: appsv1.StatefulSetSpec{Template: t}}: ofSpec,
		&appsv1.DaemonSet{TypeMeta: apps("DaemonSet"), Spec: appsv1.DaemonSetSpec{Template: t}}:       ofSpec,
		&batchv1.Job{TypeMeta: batch("Job"), Spec: batchv1.JobSpec{Template: t}}:                      ofSpec,
		&batchv1.CronJob{TypeMeta: batch("CronJob"), Spec: batchv1.CronJobSpec{
			JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: t}},
		}}: "spec.jobTemplate.spec.template",
	}
}

func TestEveryKindGivesTheSameViewAsItsJSON(t *testing.T) {
	t.Parallel()
	for _, o := range []workload.Options{{}, {Stored: true}, {Extra: true}, {Extra: true, Stored: true}} {
		reader, err := workload.NewReader(o)
		if err != nil {
			t.Fatal(err)
		}
		for object, path := range objects() {
			text, err := json.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			item := reader.ReadObject(text)
			if len(item.Templates) != 1 {
				t.Fatalf("%T: %v", object, item.Err)
			}
			got, err := typed.Object(object, o)
			if err != nil {
				t.Fatal(err)
			}
			if got.Path != path {
				t.Errorf("%T: path %q, want %q", object, got.Path, path)
			}
			ignore := cmpopts.IgnoreUnexported(workload.Template{})
			if diff := cmp.Diff(item.Templates[0], got, ignore, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%T with %+v: JSON (-), typed (+):\n%s", object, o, diff)
			}
		}
	}
}

func TestAPodIsDefaultedAndATemplateOnlyInItsVolumes(t *testing.T) {
	t.Parallel()
	template := template()
	meta, spec := &template.ObjectMeta, template.Spec
	ports := func(view workload.Template) (ports []int32) {
		for i := range view.Pod.Containers {
			for _, p := range view.Pod.Containers[i].HostPorts {
				ports = append(ports, p.Port)
			}
		}
		return ports
	}
	for _, test := range []struct {
		name     string
		view     workload.Template
		ports    []int32
		source   pss.VolumeSources
		appArmor pss.Opt[string]
	}{
		{
			"a pod from a manifest", typed.Pod(&corev1.Pod{ObjectMeta: *meta, Spec: spec}, workload.Options{}),
			[]int32{82, 80, 8081}, pss.VolumeEmptyDir, pss.Some("Localhost"),
		},
		{"a template", typed.Template(meta, &spec, workload.Options{}), []int32{8081}, pss.VolumeEmptyDir, pss.Opt[string]{}},
		{
			"a stored pod", typed.Pod(&corev1.Pod{ObjectMeta: *meta, Spec: spec}, workload.Options{Stored: true}),
			[]int32{8081}, 0, pss.Opt[string]{},
		},
	} {
		if diff := cmp.Diff(test.ports, ports(test.view)); diff != "" {
			t.Errorf("%s: host ports, want (-), got (+):\n%s", test.name, diff)
		}
		if got := test.view.Pod.Volumes[0].Sources; got != test.source {
			t.Errorf("%s: the volume without a source has %b, want %b", test.name, got, test.source)
		}
		if got := test.view.Pod.Containers[0].SecurityContext.AppArmorProfile; got != test.appArmor {
			t.Errorf("%s: AppArmor profile %v, want %v", test.name, got, test.appArmor)
		}
	}
}

func TestWhatHoldsNoTemplateIsAnError(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		object any
		want   error
	}{
		{nil, typed.ErrKind},
		{corev1.Pod{}, typed.ErrKind},
		{&corev1.Node{}, typed.ErrKind},
		{&corev1.ReplicationController{}, typed.ErrNoTemplate},
		{(*corev1.Pod)(nil), typed.ErrNoTemplate},
		{(*corev1.PodTemplate)(nil), typed.ErrNoTemplate},
		{(*corev1.ReplicationController)(nil), typed.ErrNoTemplate},
		{(*appsv1.ReplicaSet)(nil), typed.ErrNoTemplate},
		{(*appsv1.Deployment)(nil), typed.ErrNoTemplate},
		{(*appsv1.StatefulSet)(nil), typed.ErrNoTemplate},
		{(*appsv1.DaemonSet)(nil), typed.ErrNoTemplate},
		{(*batchv1.Job)(nil), typed.ErrNoTemplate},
		{(*batchv1.CronJob)(nil), typed.ErrNoTemplate},
	} {
		if _, err := typed.Object(test.object, workload.Options{}); !errors.Is(err, test.want) {
			t.Errorf("%T: error %v, want %v", test.object, err, test.want)
		}
	}
}

func ExamplePod() {
	pod := &corev1.Pod{Spec: corev1.PodSpec{HostNetwork: true, Containers: []corev1.Container{{Name: "c"}}}}
	view := typed.Pod(pod, workload.Options{})
	verdict, err := pss.Evaluator{}.Evaluate(&view.Pod, pss.LevelVersion{Level: pss.Baseline, Version: pss.Latest})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(verdict.Allowed(), verdict.Detail())
	// Output: false host namespaces (hostNetwork=true)
}
