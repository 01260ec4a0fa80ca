package profile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/timing"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// readOnlyVolumes returns the rule that all paths of the node are read-only, and a pod
// of so many volumes whose container mounts so many others, and the first one.
func readOnlyVolumes(t *testing.T, volumes, mounts int) (rule, *subject) {
	t.Helper()
	var spec v1alpha1.PodSecurityProfileSpec
	spec.AllowedHostPaths = &v1alpha1.HostPaths{Allowed: []v1alpha1.HostPath{{PathPrefix: "/", ReadOnly: true}}}
	judge, err := allowedHostPaths().compile(&spec)
	if err != nil {
		t.Fatal(err)
	}
	p := &workload.Template{Pod: pss.Pod{Containers: make([]pss.Container, 1)}, Extra: &workload.Extra{Containers: make([]workload.ContainerExtra, 1)}}
	for i := range volumes {
		p.Pod.Volumes = append(p.Pod.Volumes, pss.Volume{Name: fmt.Sprint("volume-", i), Sources: pss.VolumeHostPath})
		p.Extra.Volumes = append(p.Extra.Volumes, workload.VolumeExtra{HostPath: "/x"})
	}
	of := &p.Extra.Containers[0].VolumeMounts
	for i := range mounts {
		*of = append(*of, workload.VolumeMount{Name: fmt.Sprint("others-", i)})
	}
	*of = append(*of, workload.VolumeMount{Name: "volume-0"})
	return judge, &subject{Template: p}
}

// TestTheMountsOfManyVolumesAreGoneThroughOnce has a thousand times as many volumes.
func TestTheMountsOfManyVolumesAreGoneThroughOnce(t *testing.T) {
	t.Parallel()
	took := func(volumes int) time.Duration {
		judge, s := readOnlyVolumes(t, volumes, 50_000)
		return timing.Fastest(5, func() {
			n := 0
			if judge(s, func(Finding) { n++ }); n != 1 {
				t.Errorf("%d volumes: %d findings, want 1", volumes, n)
			}
		})
	}
	if one, many := took(1), took(1000); many > 50*one {
		t.Errorf("%v for one volume, %v for a thousand", one, many)
	}
}

// TestAContainerIsKnownAmongManyAsFastAsAmongFew has a thousand times as many.
func TestAContainerIsKnownAmongManyAsFastAsAmongFew(t *testing.T) {
	t.Parallel()
	took := func(n int) time.Duration {
		s := &subject{Template: &workload.Template{Pod: pss.Pod{Containers: make([]pss.Container, n)}}}
		s.Pod.Containers[n-1].Name = "last"
		return timing.Fastest(5, func() {
			for range 1000 {
				if !s.hasContainer("last") || s.hasContainer("none") {
					t.Fatal("it is not known")
				}
			}
		})
	}
	if few, many := took(100), took(100_000); many > 50*few {
		t.Errorf("%v among 100, %v among 100,000", few, many)
	}
}

func TestAMountIsFoundOnceHoweverManyVolumesHaveItsName(t *testing.T) {
	t.Parallel()
	judge, s := readOnlyVolumes(t, 3, 0)
	for i := range s.Pod.Volumes {
		s.Pod.Volumes[i].Name = "volume-0"
	}
	var paths []string
	judge(s, func(f Finding) { paths = append(paths, f.Path) })
	if want := []string{"spec.initContainers[0].volumeMounts[0].readOnly"}; !slices.Equal(paths, want) {
		t.Errorf("found %v, want %v", paths, want)
	}
}
