package registration

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// errChanged says that what was written is not what is stored.
var errChanged = errors.New("the API server stored something else")

// write stores the configuration and returns what is stored. Server-side apply
// leaves what others have added beside it, such as another match condition;
// where that makes a difference, the whole object is replaced.
func (k *Keeper) write(
	ctx context.Context, have, want *admissionregistrationv1.ValidatingWebhookConfiguration,
) (*admissionregistrationv1.ValidatingWebhookConfiguration, error) {
	var stored admissionregistrationv1.ValidatingWebhookConfiguration
	if have != nil && have.Annotations[withdrawnAnnotation] != "" {
		stored = *have // in one step: who deletes it in between would seem to do so on purpose
	} else if err := k.client.Apply(ctx, k.form.path(), want, &stored); err != nil {
		return nil, err
	}
	if len(differences(&stored, want)) == 0 {
		return &stored, nil
	}
	whole := stored.DeepCopy()
	delete(whole.Annotations, customAnnotation)
	maps.Copy(whole.Annotations, want.Annotations)
	whole.TypeMeta, whole.ManagedFields, whole.Webhooks = want.TypeMeta, nil, want.Webhooks
	delete(whole.Annotations, withdrawnAnnotation)
	stored = admissionregistrationv1.ValidatingWebhookConfiguration{}
	if err := k.client.Replace(ctx, k.form.path(), whole, &stored); err != nil {
		return nil, err
	}
	if wrong := differences(&stored, want); len(wrong) > 0 {
		return nil, fmt.Errorf("%w: %s", errChanged, strings.Join(wrong, ", "))
	}
	return &stored, nil
}

// report tells of a write.
func (k *Keeper) report(ctx context.Context, c *admissionregistrationv1.ValidatingWebhookConfiguration, wrong []string, repair bool) {
	if !repair {
		k.o.Log.LogAttrs(ctx, slog.LevelInfo, k.form.what+" is written", slog.String("name", Name))
		return
	}
	slices.Sort(wrong)
	what := strings.Join(wrong, ", ")
	k.o.Log.LogAttrs(ctx, slog.LevelWarn, k.form.what+" was changed by somebody else and is written again",
		slog.String("name", Name), slog.String("wrong", what))
	if k.o.Repaired != nil {
		k.o.Repaired()
	}
	if err := k.event(ctx, c, what); err != nil && ctx.Err() == nil {
		k.o.Log.LogAttrs(ctx, slog.LevelWarn, "no event was written", slog.String("error", err.Error()))
	}
}

// eventNamespace is where events about objects without a namespace are.
const eventNamespace = "default"

// event writes an event about a repair.
func (k *Keeper) event(ctx context.Context, c *admissionregistrationv1.ValidatingWebhookConfiguration, wrong string) error {
	now := metav1.NewTime(time.Now())
	e := corev1.Event{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Event"},
		ObjectMeta: metav1.ObjectMeta{GenerateName: Name + ".", Namespace: eventNamespace},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: admissionregistrationv1.SchemeGroupVersion.String(), Kind: k.form.kind,
			Name: c.Name, UID: c.UID, ResourceVersion: c.ResourceVersion,
		},
		Reason: "Repaired", Type: corev1.EventTypeWarning, Count: 1,
		Message:        cut("written again because somebody else has changed it: "+wrong, 1024),
		FirstTimestamp: now, LastTimestamp: now,
		Source:              corev1.EventSource{Component: Name, Host: k.o.Instance},
		ReportingController: "gabion.io/serve", ReportingInstance: k.o.Instance,
	}
	return k.client.Create(ctx, "/api/v1/namespaces/"+eventNamespace+"/events", e, nil)
}

// cut returns at most so many bytes of a text that is ASCII as far as it is long.
func cut(s string, most int) string { return strings.ToValidUTF8(s[:min(len(s), most)], "") }
