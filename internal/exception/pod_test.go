package exception

import (
	"strings"
	"testing"
	"time"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/timing"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// podOfImages is a pod with a container for each image.
func podOfImages(images ...string) Pod {
	p := Pod{Pod: &pss.Pod{Containers: make([]pss.Container, len(images))}, Extra: &workload.Extra{}}
	for _, image := range images {
		p.Extra.Containers = append(p.Extra.Containers, workload.ContainerExtra{Image: image})
	}
	return p
}

// TestFindingsInAContainerDoNotReadItsImageAgain counts allocations: an image that is
// read is completed, and copied for that.
func TestFindingsInAContainerDoNotReadItsImageAgain(t *testing.T) {
	set, err := NewSet(forImages(t, "docker.io/istio/proxyv2", "docker.io/istio/*"))
	if err != nil {
		t.Fatal(err)
	}
	m := set.For(podOfImages("nginx", "istio/proxyv3"), v1alpha1.Enforce, time.Time{})
	for i, covered := range []bool{false, true} {
		f := Finding{Control: "privileged", Container: &m.pod.Pod.Containers[i], Path: "x", Value: pss.BoolValue(true), Explicit: true}
		if e := m.Covering(&f); (e != nil) != covered {
			t.Fatalf("container %d is covered by %v", i, e)
		}
		if n := testing.AllocsPerRun(100, func() { m.Covering(&f) }); n > 0 {
			t.Errorf("container %d: %v allocations for a finding", i, n)
		}
	}
}

// TestAContainerIsFoundAmongManyAsFastAsAmongFew has a thousand times as many. It allows
// for a fifty times slower machine meanwhile.
func TestAContainerIsFoundAmongManyAsFastAsAmongFew(t *testing.T) {
	t.Parallel()
	const few, times = 100, 1000
	one := forImages(t, "docker.io/istio/*")[0]
	fastest := func(n int) time.Duration {
		p := podOfImages(strings.Split(strings.Repeat("istio/proxyv2 ", n-1)+"istio/proxyv2", " ")...)
		last := &p.Pod.Containers[n-1]
		return timing.Fastest(10, func() {
			for range times {
				if !one.containers.match(&p, last) {
					t.Fatal("it is not found")
				}
			}
		})
	}
	if a, b := fastest(few), fastest(1000*few); b > 50*a {
		t.Errorf("%v among %d, %v among %d", a, few, b, 1000*few)
	}
}
