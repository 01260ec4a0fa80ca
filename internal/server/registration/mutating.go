package registration

import (
	"encoding/json"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gabion-security/gabion/internal/webhook"
)

// form is one of the two forms that webhook configurations have. In the API they
// differ only in that a mutating webhook has a reinvocationPolicy, which is left to
// the API server's default, Never. So all here is of the other form.
type form struct{ kind, collection, what, without string }

var (
	validating = form{
		kind: "ValidatingWebhookConfiguration", collection: "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
		what: "the webhook configuration", without: "nothing is enforced",
	}
	mutating = form{
		kind: "MutatingWebhookConfiguration", collection: "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
		what: "the webhook configuration for new namespaces", without: "they get no labels",
	}
)

// path is where the configuration is in the API.
func (f form) path() string { return f.collection + "/" + Name }

// Mutating returns the webhook configuration for labels of new namespaces. It fails
// like the webhook that judges them: what cannot be filled in is not made, so that no
// namespace stays without what a guard has for it.
func Mutating(t Target, cas []byte) *admissionregistrationv1.ValidatingWebhookConfiguration {
	namespaces := t.webhook(NewNamespacesWebhook, admissionregistrationv1.Fail, webhook.MutatePath, cas)
	namespaces.Rules = []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create}, Rule: rule("", "namespaces"),
	}}
	return configurationOf(mutating, namespaces)
}

// configuration returns what is wanted.
func (k *Keeper) configuration(t Target, cas []byte) *admissionregistrationv1.ValidatingWebhookConfiguration {
	if k.form == mutating {
		return Mutating(t, cas)
	}
	return Configuration(t, cas)
}

// seen returns a configuration of which a watch tells, nil if it is none.
func seen(o runtime.Object) *admissionregistrationv1.ValidatingWebhookConfiguration {
	switch c := o.(type) {
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		return c
	case *admissionregistrationv1.MutatingWebhookConfiguration:
		text, err := json.Marshal(c)
		to := new(admissionregistrationv1.ValidatingWebhookConfiguration)
		if err != nil || json.Unmarshal(text, to) != nil {
			return nil // never: it came as JSON
		}
		return to
	}
	return nil
}
