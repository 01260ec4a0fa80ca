package objects_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/pss"
)

// made makes a namespace on trial as the editor, and returns its labels of Pod
// Security.
func (f *following) made(ctx context.Context, labels map[string]string) (string, error) {
	ns, err := f.editor.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: "fresh", Labels: labels},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return "", err
	}
	var text []string
	for _, key := range []string{pss.EnforceLabel, pss.EnforceVersionLabel, pss.AuditLabel, pss.WarnLabel, pss.WarnVersionLabel} {
		if value, ok := ns.Labels[key]; ok {
			text = append(text, strings.TrimPrefix(key, pss.LabelPrefix)+"="+value)
		}
	}
	return strings.Join(text, " "), nil
}

// gets waits until a new namespace gets labels.
func (f *following) gets(t *testing.T, what string, labels map[string]string, want string) {
	t.Helper()
	eventually(t, what, func() string {
		if got, err := f.made(t.Context(), labels); err != nil || got != want {
			return fmt.Sprintf("%q (%v), want %q", got, err, want)
		}
		return ""
	})
}

// mutates waits until there is a mutating webhook configuration, or none.
func mutates(t *testing.T, want bool) {
	t.Helper()
	eventually(t, "the mutating webhook configuration", func() string {
		_, err := plane.Client().AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), "gabion", metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) || (err == nil) != want {
			return fmt.Sprintf("is there: %t (%v)", err == nil, err)
		}
		return ""
	})
}

// newNamespaces has guards give labels to new namespaces.
func (f *following) newNamespaces(t *testing.T) {
	mutates(t, false)
	f.gets(t, "nothing is filled in", nil, "")
	write(t, guard, "fills", "action: deny, namespaces: {all: true}, floor: {enforce: baseline}, newNamespaces: {labels: {enforce: baseline, warn: 'restricted:v1.30'}}")
	mutates(t, true)
	const filled = "enforce=baseline warn=restricted warn-version=v1.30"
	f.gets(t, "all is", nil, filled)
	f.gets(t, "what is absent is", map[string]string{pss.EnforceLabel: "restricted", pss.WarnLabel: "baseline"}, "enforce=restricted warn=baseline")
	f.refused(t, "less than what it would get", func(ctx context.Context) error {
		_, err := f.made(ctx, map[string]string{pss.EnforceLabel: "privileged"})
		return err
	}, "enforce is privileged:latest, less than the default baseline:latest")
	write(t, guard, "fills-more", "namespaces: {selector: {matchLabels: {team: a}}}, newNamespaces: {labels: {enforce: 'restricted:v1.32'}}")
	f.gets(t, "the higher level is", map[string]string{"team": "a"}, "enforce=restricted enforce-version=v1.32 warn=restricted warn-version=v1.30")

	api := plane.Client().AdmissionregistrationV1().MutatingWebhookConfigurations()
	if err := api.Delete(t.Context(), "gabion", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	mutates(t, true)
	f.gets(t, "it is repaired", nil, filled)
	c, err := api.Get(t.Context(), "gabion", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Webhooks[0].Rules[0].Resources = []string{"nodes"}
	if _, err := api.Update(t.Context(), c, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	f.gets(t, "it is repaired once more", nil, filled)

	kubectl(t, "", "delete", "psguard", "fills-more")
	f.gets(t, "one guard is left", map[string]string{"team": "a"}, filled)
	kubectl(t, "", "delete", "psguard", "fills")
	mutates(t, false)
	f.gets(t, "nothing is filled in any more", nil, "")
}
