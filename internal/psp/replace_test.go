package psp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/pss"
)

func TestAPolicyIsConvertedToTheStrictestLevelThatItGuarantees(t *testing.T) {
	t.Parallel()
	strict := parsed(t, `"volumes":["secret"],"seLinux":{"rule":"MustRunAs","seLinuxOptions":{"type":"container_t"}}`)
	strict.Annotations = map[string]string{"apparmor.security.beta.kubernetes.io/allowedProfileNames": "runtime/default"}
	for name, c := range map[string]struct {
		policy *psp.Policy
		want   string
	}{
		"looser than baseline":                          {parsed(t, `"privileged":true`), "privileged "},
		"baseline, but for hosts of probes since v1.34": {strict, "baseline v1.33"},
	} {
		to, err := c.policy.Convert()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(to.Spec.Base.Level) + " " + to.Spec.Base.Version; got != c.want {
			t.Errorf("%s: base %q, want %q", name, got, c.want)
		}
	}
}

func TestWhatIsLostNamesWhatTheLevelAllowsInstead(t *testing.T) {
	t.Parallel()
	p := parsed(t, `"volumes":["secret","emptyDir"],"allowedCapabilities":["NET_BIND_SERVICE"],"requiredDropCapabilities":["ALL"],`+
		`"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"forbiddenSysctls":["net.ipv4.tcp_s*"],`+
		`"runAsUser":{"rule":"MustRunAsNonRoot"},"fsGroup":{"rule":"MayRunAs","ranges":[{"min":1,"max":9}]}`)
	losses, err := p.Lost(pss.LevelVersion{Level: pss.Restricted, Version: pss.V1(24)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range losses {
		got = append(got, l.Control+" "+strings.Join(l.Allows, ", "))
	}
	want := []string{
		"readOnlyRootFilesystem false, not set", "seccompProfiles runtime/default, localhost/*", "fsGroups any group", "forbiddenSysctls net.ipv4.tcp_syncookies",
		"volumeTypes configMap, csi, downwardAPI, ephemeral, persistentVolumeClaim, projected",
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := p.Lost(pss.LevelVersion{}); err == nil {
		t.Error("what is lost by no level is known")
	}
}

func TestAPodIsToldWhatAPolicyHasSaidForIt(t *testing.T) {
	t.Parallel()
	p := parsed(t, `"volumes":["*"],"fsGroup":{"rule":"MustRunAs","ranges":[{"min":7,"max":9}]},"requiredDropCapabilities":["KILL"]`)
	p.Annotations = map[string]string{
		"seccomp.security.alpha.kubernetes.io/allowedProfileNames": "runtime/default",
		"seccomp.security.alpha.kubernetes.io/defaultProfileName":  "runtime/default",
	}
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a"}, {Name: "b"}}}}
	pod.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"KILL"}}}
	result, err := psp.NewSimulator([]*psp.Policy{p}, nil).Simulate(psp.Request{Namespace: "shop", Pod: pod})
	if err != nil {
		t.Fatal(err)
	}
	rewrite, err := result.Rewrite()
	if err != nil {
		t.Fatal(err)
	}
	want := []psp.Change{
		{Path: "spec.securityContext.fsGroup", Pod: "7"},
		{Path: "spec.securityContext.seccompProfile", Pod: `{"type":"RuntimeDefault"}`},
		{Path: "spec.containers[1].securityContext.capabilities.drop", Pod: `["KILL"]`},
	}
	if diff := cmp.Diff(want, rewrite.Changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	const patch = `{"spec":{"containers":[{"name":"b","securityContext":{"capabilities":{"drop":["KILL"]}}}],` +
		`"securityContext":{"fsGroup":7,"seccompProfile":{"type":"RuntimeDefault"}}}}`
	if got := string(rewrite.Patch); got != patch {
		t.Errorf("the patch is\n%s, want\n%s", got, patch)
	}
	if !rewrite.Pod.SecurityContext.SeccompProfile.Is("RuntimeDefault") {
		t.Errorf("the standard sees %+v", rewrite.Pod.SecurityContext)
	}
	refused := psp.Result{Message: "no"}
	if _, err := refused.Rewrite(); err == nil || !strings.Contains(err.Error(), "no") {
		t.Errorf("a pod that was refused: %v", err)
	}
}
