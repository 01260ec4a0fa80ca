package pss

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
)

func compliant() *Pod {
	return &Pod{
		SecurityContext: SecurityContext{RunAsNonRoot: Some(true), SeccompProfile: Some("RuntimeDefault")},
		Volumes:         []Volume{{"data", VolumeEmptyDir}},
		Containers: containers(
			Container{Name: "init", AllowPrivilegeEscalation: Some(false), DroppedCapabilities: []string{"ALL"}},
			Container{Name: "app", AllowPrivilegeEscalation: Some(false), DroppedCapabilities: []string{"ALL"}},
		),
	}
}

func TestNothingIsAllowedByAPolicyThatIsNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		lv   LevelVersion
		want error
	}{
		{"the zero policy", LevelVersion{}, ErrLevel},
		{"the zero level", LevelVersion{Version: Latest}, ErrLevel},
		{"an unknown level", LevelVersion{Level: 7, Version: Latest}, ErrLevel},
		{"the zero version", LevelVersion{Level: Restricted}, ErrVersion},
		{"the zero version even at privileged", LevelVersion{Level: Privileged}, ErrVersion},
		{"a negative minor", LevelVersion{Baseline, V1(-1)}, ErrVersion},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, err := Evaluator{}.Evaluate(compliant(), c.lv)
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if v.Allowed() {
				t.Error("allowed")
			}
		})
	}
	if (Verdict{}).Allowed() {
		t.Error("the zero verdict allows")
	}
	if l, err := (Evaluator{}).Strictest(compliant(), 0); !errors.Is(err, ErrVersion) || l.Valid() {
		t.Errorf("strictest level at the zero version: %v, %v", l, err)
	}
}

func TestACompliantPodPassesEveryLevelAndVersion(t *testing.T) {
	t.Parallel()
	for _, level := range Levels() {
		for v := V1(0); v <= V1(60); v++ {
			verdict, err := Evaluator{}.Evaluate(compliant(), LevelVersion{level, v})
			if err != nil || !verdict.Allowed() || verdict.Detail() != "" || verdict.Reason() != "" || verdict.Violations() != nil || verdict.Failed() != nil {
				t.Fatalf("%s:%s: %v %s", level, v, err, verdict.Detail())
			}
		}
	}
}

func TestAPassingPodCostsNoAllocation(t *testing.T) {
	pod := compliant()
	allocs := testing.AllocsPerRun(100, func() {
		for _, level := range []Level{Privileged, Baseline, Restricted} {
			v, err := Evaluator{}.Evaluate(pod, LevelVersion{level, Latest})
			if err != nil || !v.Allowed() || v.Detail() != "" {
				t.Error("not allowed")
			}
		}
		if l, err := (Evaluator{}).Strictest(pod, Latest); l != Restricted || err != nil {
			t.Error("not restricted")
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestTheSentenceOfAFewFindingsCostsNoAllocation(t *testing.T) {
	pod := &Pod{
		HostNetwork: true, Volumes: []Volume{{"a", VolumeHostPath}, {"b", VolumeNFS}},
		Containers: containers(
			Container{Name: "init", AddedCapabilities: []string{"SYS_ADMIN", "NET_ADMIN"}},
			Container{Name: "app", AddedCapabilities: []string{"NET_ADMIN"}, Privileged: Some(true)},
		),
	}
	v, err := Evaluator{}.Evaluate(pod, LevelVersion{Restricted, Latest})
	if err != nil || len(v.Failed()) != 7 {
		t.Fatalf("failed %v, %v", v.Failed(), err)
	}
	for i := range v.eachFailed {
		var found []place
		v.findings(i, func(at place) bool { found = append(found, at); return true })
		detail := make([]byte, 0, 1<<10)
		if allocs := testing.AllocsPerRun(100, func() { catalogue[i].sentence(detail, pod, found) }); allocs != 0 {
			t.Errorf("%s: %v allocations", catalogue[i].ID, allocs)
		}
	}
}

func TestLatestMeansTheMinorThatItIsTold(t *testing.T) {
	t.Parallel()
	pod := compliant()
	pod.Containers[1].Hosts = []Host{{LivenessHTTP, "localhost"}} // forbidden since v1.34
	for _, c := range []struct {
		name       string
		kubernetes Version
		asked      Version
		resolved   Version
		allowed    bool
	}{
		{"latest without a cluster", 0, Latest, V1(37), false},
		{"latest on 1.33", V1(33), Latest, V1(33), true},
		{"a newer pin on 1.33", V1(33), V1(36), V1(33), true},
		{"an older pin on 1.37", V1(37), V1(30), V1(30), true},
		{"latest on a cluster newer than known", V1(99), Latest, V1(37), false},
		{"latest on latest", Latest, Latest, V1(37), false},
		{"a version newer than known", 0, V1(1 << 40), V1(37), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, err := Evaluator{Kubernetes: c.kubernetes}.Evaluate(pod, LevelVersion{Baseline, c.asked})
			if err != nil || v.Allowed() != c.allowed || v.Resolved() != c.resolved || v.Policy().Version != c.asked {
				t.Errorf("allowed %v, resolved %v, policy %v, %v", v.Allowed(), v.Resolved(), v.Policy(), err)
			}
		})
	}
	if NewestVersion() != V1(37) {
		t.Errorf("newest version %v", NewestVersion())
	}
}

func TestAggregates(t *testing.T) {
	t.Parallel()
	pod := &Pod{HostNetwork: true, Volumes: []Volume{{"v", VolumeHostPath}}, Containers: containers(Container{Name: "c", Privileged: Some(true)})}
	v, err := Evaluator{}.Evaluate(pod, LevelVersion{Baseline, Latest})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := v.Reason(), "host namespaces, hostPath volumes, privileged"; got != want {
		t.Errorf("reason %q, want %q", got, want)
	}
	if got, want := v.Detail(), `host namespaces (hostNetwork=true), hostPath volumes (volume "v"), privileged (container "c" must not set securityContext.privileged=true)`; got != want {
		t.Errorf("detail %q, want %q", got, want)
	}
	if got, want := v.Failed(), []ID{"hostNamespaces", "hostPathVolumes", "privileged"}; !reflect.DeepEqual(got, want) {
		t.Errorf("failed %q, want %q", got, want)
	}
}

func TestStrictest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		pod     *Pod
		version Version
		want    Level
	}{
		{"a compliant pod", compliant(), Latest, Restricted},
		{"nothing set", &Pod{Containers: containers(Container{Name: "a"})}, Latest, Baseline},
		{"a privileged container", &Pod{Containers: containers(Container{Name: "a", Privileged: Some(true)})}, Latest, Privileged},
		{"a host path, which only baseline calls by that name", &Pod{Volumes: []Volume{{"v", VolumeHostPath}}}, Latest, Privileged},
		{"nothing asked of it in v1.7", &Pod{SecurityContext: SecurityContext{RunAsNonRoot: Some(true)}, Containers: containers(Container{Name: "a"})}, V1(7), Restricted},
		{"a capability on Windows, which restricted leaves to validation", &Pod{
			OS: "windows", SecurityContext: SecurityContext{RunAsNonRoot: Some(true)},
			Containers: containers(Container{Name: "a", AddedCapabilities: []string{"SYS_ADMIN"}}),
		}, Latest, Restricted},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, err := (Evaluator{}).Strictest(c.pod, c.version); got != c.want || err != nil {
				t.Errorf("got %v, want %v (%v)", got, c.want, err)
			}
		})
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value      Value
		text, json string
	}{
		{Value{}, "", "null"},
		{BoolValue(true), "true", "true"},
		{BoolValue(false), "false", "false"},
		{IntValue(-3), "-3", "-3"},
		{StringValue(`a"b`), `a"b`, `"a\"b"`},
		{StringValue(""), "", `""`},
		{ListValue([]string{"a", "b"}), "[a, b]", `["a","b"]`},
		{ListValue(nil), "", "null"},
	} {
		if c.value.String() != c.text {
			t.Errorf("%q, want %q", c.value.String(), c.text)
		}
		if got, err := json.Marshal(c.value); err != nil || string(got) != c.json {
			t.Errorf("%s, want %s (%v)", got, c.json, err)
		}
		if c.value.IsNull() != (c.json == "null") {
			t.Errorf("%s: IsNull is %v", c.json, c.value.IsNull())
		}
	}
}
