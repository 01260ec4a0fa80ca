package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/workload"
)

// exceptedSample is a pod with all that exceptions look at.
func exceptedSample(name string) *corev1.Pod {
	p := sample(name, "example.com/app")
	p.Labels = map[string]string{"app": "web", "pod-template-hash": "6f7b5c9d84"}
	p.Spec.ServiceAccountName = "web"
	p.Spec.Volumes = append(p.Spec.Volumes,
		corev1.Volume{Name: "kube-api-access-" + name[len(name)-5:], VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}},
		corev1.Volume{Name: "log", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/log"}}})
	p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "log", MountPath: "/log"}}
	return p
}

func TestWhatExceptionsLookAtIsKeptOnlyIfItIsAskedFor(t *testing.T) {
	t.Parallel()
	whole := exceptedSample("web-12345")
	o, err := reducePod(newViews(), nil)(whole)
	if err != nil || o.view.extra != nil {
		t.Errorf("without exceptions: %v, %v", o.view.extra, err)
	}
	o, err = reducePod(newViews(), newInterned[workload.Extra]())(whole)
	if err != nil {
		t.Fatal(err)
	}
	want := &workload.Extra{
		Labels: map[string]string{"app": "web", "pod-template-hash": "6f7b5c9d84"}, ServiceAccount: "web",
		Volumes:    []workload.VolumeExtra{{}, {}, {HostPath: "/var/log"}},
		Containers: []workload.ContainerExtra{{Image: "example.com/app"}, {Image: "example.com/app"}},
	}
	if diff := cmp.Diff(want, o.view.extra); diff != "" {
		t.Error(diff)
	}
	s := podStore()
	if err := s.Add(o); err != nil {
		t.Fatal(err)
	}
	if list := s.contents.list("shop"); len(list) != 1 || list[0].Extra != o.view.extra {
		t.Errorf("the store has %v", list)
	}
}

func TestPodsWithOtherLabelsImagesAndPathsAreToldApartForExceptions(t *testing.T) {
	t.Parallel()
	all, more := newViews(), newInterned[workload.Extra]()
	reduce := reducePod(all, more)
	of := func(name string, change func(*corev1.Pod)) *view {
		t.Helper()
		p := exceptedSample(name)
		change(p)
		o, err := reduce(p)
		if err != nil {
			t.Fatal(err)
		}
		return o.view
	}
	first := of("web-12345", func(*corev1.Pod) {})
	if second := of("web-67890", func(*corev1.Pod) {}); second != first {
		t.Error("two replicas do not share what is kept of them")
	}
	for name, change := range map[string]func(*corev1.Pod){
		"a label":         func(p *corev1.Pod) { p.Labels["app"] = "db" },
		"service account": func(p *corev1.Pod) { p.Spec.ServiceAccountName = "db" },
		"an image":        func(p *corev1.Pod) { p.Spec.Containers[0].Image = "example.com/other" },
		"a path":          func(p *corev1.Pod) { p.Spec.Volumes[2].HostPath.Path = "/etc" },
	} {
		if other := of("web-12345", change); other == first || other.extra == first.extra {
			t.Errorf("%s: the pods share what is kept", name)
		}
	}
}
