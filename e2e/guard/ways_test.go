package guard_test

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/gabion-security/gabion/pss"
)

// way is one way to change the labels of the namespace shop.
type way struct {
	name string
	do   func(ctx context.Context, c kubernetes.Interface) error
	want string // in the refusal
}

// patch changes labels by a merge patch, of the object or its subresource.
func patch(labels string, subresources ...string) func(context.Context, kubernetes.Interface) error {
	return patchOf("shop", labels, subresources...)
}

func patchOf(name, labels string, subresources ...string) func(context.Context, kubernetes.Interface) error {
	return func(ctx context.Context, c kubernetes.Interface) error {
		_, err := c.CoreV1().Namespaces().Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"labels":{`+labels+`}}}`), metav1.PatchOptions{}, subresources...)
		return err
	}
}

const (
	enforce        = `"` + pss.EnforceLabel + `":`
	enforceVersion = `"` + pss.EnforceVersionLabel + `":`
	audit          = `"` + pss.AuditLabel + `":`
	warn           = `"` + pss.WarnLabel + `":`
)

func ways() []way {
	put := func(send func(context.Context, kubernetes.Interface, *corev1.Namespace) (*corev1.Namespace, error)) func(context.Context, kubernetes.Interface) error {
		return func(ctx context.Context, c kubernetes.Interface) error {
			ns, err := c.CoreV1().Namespaces().Get(ctx, "shop", metav1.GetOptions{})
			if err != nil {
				return err
			}
			delete(ns.Labels, pss.EnforceLabel)
			_, err = send(ctx, c, ns)
			return err
		}
	}
	const lowered = "enforce goes from restricted:latest to privileged:latest"
	return []way{
		{"a lower level", patch(enforce + `"baseline"`), "enforce goes from restricted:latest to baseline:latest"},
		{"the lowest level", patch(enforce + `"privileged"`), lowered},
		{"no level", patch(enforce + `null`), lowered},
		{"an older version", patch(enforceVersion + `"v1.0"`), "enforce goes from restricted:latest to restricted:v1.0"},
		{"an older version of a lower level", patch(enforce + `"baseline",` + enforceVersion + `"v1.30"`), "enforce goes from restricted:latest to baseline:v1.30"},
		{"a lower level of audit", patch(audit + `"privileged"`), "audit goes from restricted:latest to privileged:latest"},
		{"a lower level of warn", patch(warn + `"privileged"`), "warn goes from restricted:latest to privileged:latest"},
		{"leaving a guard", patch(`"env":"dev"`), "with its new labels it is guarded no more (by PodSecurityGuard production)"},
		{"a lower level by status", patch(enforce+`"privileged"`, "status"), lowered},
		{"no level by status", patch(enforce+`null`, "status"), lowered},
		{"an invalid label by status", patch(audit+`"strict"`, "status"), `audit goes from restricted:latest to privileged:latest, by the label pod-security.kubernetes.io/audit ("restricted" becomes "strict", which is invalid)`},
		{"leaving a guard by status", patch(`"env":null`, "status"), "with its new labels it is guarded no more"},
		{"a PUT", put(func(ctx context.Context, c kubernetes.Interface, ns *corev1.Namespace) (*corev1.Namespace, error) {
			return c.CoreV1().Namespaces().Update(ctx, ns, metav1.UpdateOptions{})
		}), lowered},
		{"a PUT of status", put(func(ctx context.Context, c kubernetes.Interface, ns *corev1.Namespace) (*corev1.Namespace, error) {
			return c.CoreV1().Namespaces().UpdateStatus(ctx, ns, metav1.UpdateOptions{})
		}), lowered},
		{"a PUT of finalize", put(func(ctx context.Context, c kubernetes.Interface, ns *corev1.Namespace) (*corev1.Namespace, error) {
			return c.CoreV1().Namespaces().Finalize(ctx, ns, metav1.UpdateOptions{})
		}), lowered},
		{"leaving a guard by finalize", func(ctx context.Context, c kubernetes.Interface) error {
			ns, err := c.CoreV1().Namespaces().Get(ctx, "shop", metav1.GetOptions{})
			if err != nil {
				return err
			}
			ns.Labels["env"] = "dev"
			_, err = c.CoreV1().Namespaces().Finalize(ctx, ns, metav1.UpdateOptions{})
			return err
		}, "with its new labels it is guarded no more (by PodSecurityGuard production)"},
		{"a server-side apply", func(ctx context.Context, c kubernetes.Interface) error {
			text := `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","labels":{` + enforce + `"privileged"}}}`
			_, err := c.CoreV1().Namespaces().Patch(ctx, "shop", types.ApplyYAMLPatchType, []byte(text), metav1.PatchOptions{FieldManager: "me", Force: new(true)})
			return err
		}, lowered},
		{"a JSON patch of status", func(ctx context.Context, c kubernetes.Interface) error {
			text := `[{"op":"remove","path":"/metadata/labels"}]`
			_, err := c.CoreV1().Namespaces().Patch(ctx, "shop", types.JSONPatchType, []byte(text), metav1.PatchOptions{}, "status")
			return err
		}, lowered},
	}
}
