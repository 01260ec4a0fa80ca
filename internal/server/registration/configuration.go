package registration

import (
	"net/url"
	"path"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/webhook"
)

// Name is the name of the webhook configurations.
const Name = "gabion"

// The names of the webhooks.
const (
	EnforceWebhook    = "enforce.pod-security.gabion.io"
	NamespacesWebhook = cluster.NamespacesWebhook
	AdvisoryWebhook   = "advisory.pod-security.gabion.io"
	// NewNamespacesWebhook is the only one that changes what is sent to it.
	NewNamespacesWebhook = "new-namespaces.pod-security.gabion.io"
)

// withdrawnAnnotation says that the configuration is being removed on purpose,
// and by which program.
const withdrawnAnnotation = "gabion.io/withdrawn-by"

// timeoutSeconds is how long an API server waits for an answer.
const timeoutSeconds = 5

// Service is a Service inside the cluster that leads to the webhook.
type Service struct {
	Namespace, Name string
	Port            int32
}

// Target says where API servers find the webhook, and what they ask it.
type Target struct {
	// URL is where the webhook is, unless it is behind the Service.
	URL string
	// Service counts if it has a name. Pods in its namespace are not judged: they
	// are the webhook's own.
	Service Service
	// ExcludedNamespaces are those whose pods are not judged either.
	ExcludedNamespaces []string
	// Custom are the custom resources whose pods are looked at.
	Custom Custom
	// Reported says that uses of exceptions come to stand in their status, but for
	// those by requests of which nothing comes.
	Reported bool
}

// Pod updates other than of images and containers, and namespace updates other
// than of labels, change no decision. So the API server does not even ask: this
// way a webhook that is down stops neither finalizers nor annotations. Fields
// are tested for before they are read, since a missing one would be an error.
const (
	imagesChange = `request.operation != 'UPDATE' || ` +
		`object.spec.containers.map(c, [c.name, has(c.image) ? c.image : '']) != ` +
		`oldObject.spec.containers.map(c, [c.name, has(c.image) ? c.image : '']) || ` +
		`(has(object.spec.initContainers) ? object.spec.initContainers.map(c, [c.name, has(c.image) ? c.image : '']) : []) != ` +
		`(has(oldObject.spec.initContainers) ? oldObject.spec.initContainers.map(c, [c.name, has(c.image) ? c.image : '']) : []) || ` +
		`(has(object.spec.ephemeralContainers) ? object.spec.ephemeralContainers.map(c, [c.name, has(c.image) ? c.image : '']) : []) != ` +
		`(has(oldObject.spec.ephemeralContainers) ? oldObject.spec.ephemeralContainers.map(c, [c.name, has(c.image) ? c.image : '']) : [])`
	labelsChange = `request.operation != 'UPDATE' || ` +
		`(has(object.metadata.labels) ? object.metadata.labels : {}) != (has(oldObject.metadata.labels) ? oldObject.metadata.labels : {})`
)

// Configuration returns the webhook configuration for a target, with the CAs
// that sign the webhook's certificate in PEM. Nothing in it is left to the API
// server's defaults, so that it can be compared with what is stored.
func Configuration(t Target, cas []byte) *admissionregistrationv1.ValidatingWebhookConfiguration {
	pods := t.webhook(EnforceWebhook, admissionregistrationv1.Fail, webhook.ValidatePath, cas)
	pods.SideEffects = t.sideEffects()
	pods.Rules = rules(rule("", "pods", "pods/ephemeralcontainers", "pods/resize"))
	pods.NamespaceSelector = t.selector()
	pods.MatchConditions = []admissionregistrationv1.MatchCondition{{Name: "images-or-containers-change", Expression: imagesChange}}

	namespaces := t.webhook(NamespacesWebhook, admissionregistrationv1.Fail, webhook.ValidatePath, cas)
	// Labels change by status and finalize as well, and what else there may come to be.
	namespaces.Rules = rules(rule("", "namespaces", "namespaces/*"))
	namespaces.MatchConditions = []admissionregistrationv1.MatchCondition{{Name: "labels-change", Expression: labelsChange}}

	workloads := t.webhook(AdvisoryWebhook, admissionregistrationv1.Ignore, webhook.ValidatePath, cas)
	workloads.SideEffects = t.sideEffects()
	workloads.Rules = append(builtinWorkloads(), t.Custom.Rules...)
	c := configurationOf(validating, pods, namespaces, workloads)
	c.Annotations = t.Custom.annotations()
	return c
}

// webhook returns a webhook without rules.
func (t *Target) webhook(name string, policy admissionregistrationv1.FailurePolicyType, at string, cas []byte) admissionregistrationv1.ValidatingWebhook {
	return admissionregistrationv1.ValidatingWebhook{
		Name: name, ClientConfig: t.clientConfig(at, cas), FailurePolicy: new(policy),
		MatchPolicy:       new(admissionregistrationv1.Equivalent),
		NamespaceSelector: &metav1.LabelSelector{}, ObjectSelector: &metav1.LabelSelector{},
		SideEffects:    new(admissionregistrationv1.SideEffectClassNone),
		TimeoutSeconds: new(int32(timeoutSeconds)), AdmissionReviewVersions: []string{"v1"},
	}
}

// sideEffects are those of a webhook which judges by exceptions.
func (t *Target) sideEffects() *admissionregistrationv1.SideEffectClass {
	if t.Reported {
		return new(admissionregistrationv1.SideEffectClassNoneOnDryRun)
	}
	return new(admissionregistrationv1.SideEffectClassNone)
}

func configurationOf(f form, webhooks ...admissionregistrationv1.ValidatingWebhook) *admissionregistrationv1.ValidatingWebhookConfiguration {
	return &admissionregistrationv1.ValidatingWebhookConfiguration{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionregistrationv1.SchemeGroupVersion.String(), Kind: f.kind},
		ObjectMeta: metav1.ObjectMeta{Name: Name, Labels: map[string]string{"app.kubernetes.io/name": "gabion"}},
		Webhooks:   webhooks,
	}
}

// builtinWorkloads are the rules for what makes pods in Kubernetes itself.
func builtinWorkloads() []admissionregistrationv1.RuleWithOperations {
	return rules(
		rule("", "podtemplates", "replicationcontrollers"),
		rule("apps", "daemonsets", "deployments", "replicasets", "statefulsets"),
		rule("batch", "cronjobs", "jobs"),
	)
}

func rules(all ...admissionregistrationv1.Rule) []admissionregistrationv1.RuleWithOperations {
	with := make([]admissionregistrationv1.RuleWithOperations, len(all))
	for i, r := range all {
		with[i] = admissionregistrationv1.RuleWithOperations{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update}, Rule: r,
		}
	}
	return with
}

func rule(group string, resources ...string) admissionregistrationv1.Rule {
	scope := admissionregistrationv1.AllScopes
	return admissionregistrationv1.Rule{
		APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: resources, Scope: &scope,
	}
}

func (t *Target) clientConfig(at string, cas []byte) admissionregistrationv1.WebhookClientConfig {
	if t.Service.Name == "" {
		return admissionregistrationv1.WebhookClientConfig{URL: new(t.url(at)), CABundle: cas}
	}
	return admissionregistrationv1.WebhookClientConfig{CABundle: cas, Service: &admissionregistrationv1.ServiceReference{
		Namespace: t.Service.Namespace, Name: t.Service.Name, Path: new(at), Port: new(t.Service.Port),
	}}
}

// url returns the URL for a path beside that to which reviews go.
func (t *Target) url(at string) string {
	u, err := url.Parse(t.URL)
	if err != nil || at == webhook.ValidatePath {
		return t.URL
	}
	u.Path = path.Join(path.Dir(u.Path), at)
	return u.String()
}

// selector selects the namespaces whose pods are judged.
func (t *Target) selector() *metav1.LabelSelector {
	excluded := t.Excluded()
	if len(excluded) == 0 {
		return &metav1.LabelSelector{}
	}
	return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{
		Key: "kubernetes.io/metadata.name", Operator: metav1.LabelSelectorOpNotIn, Values: excluded,
	}}}
}

// Excluded returns all namespaces whose pods are not judged, sorted.
func (t *Target) Excluded() []string {
	excluded := slices.Clone(t.ExcludedNamespaces)
	if t.Service.Namespace != "" {
		excluded = append(excluded, t.Service.Namespace)
	}
	slices.Sort(excluded)
	return slices.Compact(excluded)
}
