package objects_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/api/v1alpha1"
)

// output returns what kubectl prints.
func output(t *testing.T, args ...string) string {
	t.Helper()
	text, err := plane.Kubectl(t.Context(), args...).Output()
	if err != nil {
		t.Fatalf("kubectl %v: %v", args, err)
	}
	return string(text)
}

// condition waits until an object has a condition with a status and a reason.
func condition(t *testing.T, kind, name, what, want string) {
	t.Helper()
	eventually(t, kind+" "+name, func() string {
		path := `jsonpath={.status.conditions[?(@.type=="` + what + `")].status} {.status.conditions[?(@.type=="` + what + `")].reason}`
		if got := output(t, "get", kind, name, "-o", path); got != want {
			return fmt.Sprintf("%q, want %q", got, want)
		}
		return ""
	})
}

// conditions follows what the status of objects says.
func (f *following) conditions(t *testing.T) {
	const spec = "reason: a test, namespaces: {names: [elsewhere]}, controls: [{id: "
	write(t, exception, "standing", spec+"privileged}]")
	condition(t, exception, "standing", "Ready", "True InForce")
	condition(t, exception, "standing", "Expired", "False NotExpired")
	write(t, exception, "standing", spec+"privilege}]")
	condition(t, exception, "standing", "Ready", "False Invalid")
	f.metric(t, `gabion_policy_unreadable{kind="PodSecurityException",name="standing"} 1`)
	write(t, exception, "standing", spec+`privileged}], expiresAt: "`+time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)+`"`)
	condition(t, exception, "standing", "Ready", "False Expired")
	condition(t, exception, "standing", "Expired", "True Expired")
	if got := output(t, "get", "psexception", "standing", "--no-headers"); !strings.Contains(got, "a test   False   Expired") {
		t.Errorf("kubectl get prints %s", got)
	}
	kubectl(t, "", "delete", "psexception", "standing")

	write(t, guard, "standing", "action: deny, namespaces: {names: [elsewhere]}, profile: later")
	condition(t, guard, "standing", "Ready", "False ProfileMissing")
	write(t, profile, "later", "base: {level: baseline}")
	condition(t, profile, "later", "Ready", "True InForce")
	condition(t, guard, "standing", "Ready", "True InForce")
	for _, resource := range []string{"podsecurityexceptions", "podsecurityguards", "podsecurityprofiles"} {
		f.metricBegins(t, `gabion_cache_age_seconds{resource="`+resource+`"} `)
	}
	f.metric(t, `gabion_cache_objects{resource="podsecurityprofiles"} 1`)
	kubectl(t, "", "delete", "psguard/standing", "psprofile/later")
}

// metricBegins checks that the metrics have a line that is not negative.
func (f *following) metricBegins(t *testing.T, line string) {
	t.Helper()
	text, err := f.Get(t.Context(), "/metrics")
	if _, after, ok := strings.Cut(text, "\n"+line); err != nil || !ok || strings.HasPrefix(after, "-") {
		t.Errorf("%s is not there, or negative (%v)", line, err)
	}
}

// uses has exceptions used by requests of which something comes, and others.
func (f *following) uses(t *testing.T) {
	const spec = "reason: a test, namespaces: {names: [shop]}, controls: [{id: privileged}]"
	write(t, exception, "used", spec)
	condition(t, exception, "used", "Ready", "True InForce")
	f.passed(t, "a trial", f.pod)
	yes := true
	create := func(ctx context.Context, name string) error {
		_, err := plane.Client().CoreV1().Pods("shop").Create(ctx, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"pod-template-hash": "5d4"}, OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-5d4", UID: "u", Controller: &yes,
			}}},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "c", Image: "example.com/app:1", SecurityContext: &corev1.SecurityContext{Privileged: &yes},
			}}},
		}, metav1.CreateOptions{})
		return err
	}
	used := time.Now().Add(-time.Second)
	if err := create(t.Context(), "used"); err != nil {
		t.Fatal(err)
	}
	generation := output(t, "get", "psexception", "used", "-o", "jsonpath={.metadata.generation}")
	log := len(f.lines(t))
	var status v1alpha1.PodSecurityExceptionStatus
	for begin := time.Now(); status.LastUsed == nil; time.Sleep(time.Second) {
		if time.Since(begin) > 3*time.Minute {
			t.Fatalf("no use is written: %+v", status)
		}
		if err := json.Unmarshal([]byte(output(t, "get", "psexception", "used", "-o", "jsonpath={.status}")), &status); err != nil {
			t.Fatal(err)
		}
	}
	if len(status.Workloads) != 1 || status.Workloads[0].Kind != "deployment.apps" || status.Workloads[0].Name != "web" || status.Workloads[0].Namespace != "shop" ||
		status.LastUsed.Time.Before(used) {
		t.Errorf("the status is %+v", status)
	}
	if got := output(t, "get", "psexception", "used", "-o", "jsonpath={.metadata.generation}"); got != generation {
		t.Errorf("a status is a new generation: %s, not %s", got, generation)
	}
	if more := f.lines(t)[log:]; strings.Contains(more, "the policies of the cluster's objects are in use") {
		t.Errorf("a status is a reason to compile anew: %s", more)
	}
	kubectl(t, "", "delete", "psexception", "used")
	f.refused(t, "without the exception", f.pod, "violates PodSecurity")
}
