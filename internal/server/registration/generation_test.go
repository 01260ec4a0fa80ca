package registration

import (
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

func TestAGenerationCountsOnlyAsItWasSealed(t *testing.T) {
	t.Parallel()
	type configuration = admissionregistrationv1.ValidatingWebhookConfiguration
	key := []byte("key")
	for name, tt := range map[string]struct {
		change func(*configuration)
		want   uint64
	}{
		"nothing changed": {func(*configuration) {}, 7},
		"other CAs":       {func(c *configuration) { c.Webhooks[0].ClientConfig.CABundle = []byte("x") }, 7},
		"another order": {func(c *configuration) {
			c.Webhooks[0], c.Webhooks[2] = c.Webhooks[2], c.Webhooks[0]
		}, 7},
		"another failure policy": {func(c *configuration) { c.Webhooks[0].FailurePolicy = new(admissionregistrationv1.Ignore) }, 0},
		"a webhook less":         {func(c *configuration) { c.Webhooks = c.Webhooks[1:] }, 0},
		"a higher number": {func(c *configuration) {
			c.Annotations[generationAnnotation] = "8" + c.Annotations[generationAnnotation][1:]
		}, 0},
		"another version of custom resources": {func(c *configuration) { c.Annotations[customAnnotation] = "1" }, 0},
		"another key":                         {func(c *configuration) { seal(c, 7, []byte("other")) }, 0},
		"no proof":                            {func(c *configuration) { c.Annotations[generationAnnotation] = "7 " }, 0},
		"no number":                           {func(c *configuration) { c.Annotations[generationAnnotation] = "x y" }, 0},
		"no annotation":                       {func(c *configuration) { c.Annotations = nil }, 0},
	} {
		c := Configuration(Target{URL: "u"}, []byte("CA"))
		seal(c, 7, key)
		tt.change(c)
		if got := generationOf(c, key); got != tt.want {
			t.Errorf("%s: generation %d, want %d", name, got, tt.want)
		}
	}
}
