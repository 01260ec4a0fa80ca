package documents_test

import (
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/guard"
)

// guardSpecs are specs of guards, and whether both the API server and the program
// take them.
func guardSpecs() map[string]bool {
	const all = "namespaces: {all: true}"
	return map[string]bool{
		all + ", lock: true": true,
		all + ", floor: {enforce: 'baseline:latest', audit: restricted, warn: 'restricted:v1.30'}":                 true,
		all + ", action: deny, floor: {enforce: baseline}, applyToPods: true, newerVersions: guarded":              true,
		all + ", profile: own-registry, workloads: 'off', ephemeralContainers: alone":                              true,
		"namespaces: {selector: {matchLabels: {env: prod}}, except: [kube-system]}, lock: true, workloads: deny":   true,
		all + ", newNamespaces: {labels: {enforce: baseline, audit: 'baseline:latest', warn: 'restricted:v1.30'}}": true,

		all + ", newNamespaces: {}":                                       false,
		all + ", newNamespaces: {labels: {}}":                             false,
		all + ", newNamespaces: {enforce: baseline}":                      false,
		all + ", newNamespaces: {labels: {enforce: strict}}":              false,
		all + ", newNamespaces: {labels: {enforce: ''}}":                  false,
		all + ", newNamespaces: {labels: {warn: 'baseline:1.30'}}":        false,
		all + ", newNamespaces: {labels: {warn: 'baseline:v1.030'}}":      false,
		all + ", newNamespaces: {labels: {audit: 'xbaseline:v1.30'}}":     false,
		all + ", newNamespaces: {labels: {enforce-version: latest}}":      false,
		all + ", lock: true, newNamespaces: {labels: {audit: baseline:}}": false,

		all:                                     false,
		all + ", lock: false":                   false,
		"lock: true":                            false,
		all + ", floor: {}":                     false,
		all + ", action: block":                 false,
		all + ", lock: true, applyToPods: true": false,
		all + ", floor: {audit: baseline}, applyToPods: true":   false,
		all + ", floor: {enforce: strict}":                      false,
		all + ", floor: {enforce: 'baseline:1.30'}":             false,
		all + ", lock: true, newerVersions: Guarded":            false,
		all + ", workloads: refuse":                             false,
		all + ", ephemeralContainers: none":                     false,
		all + ", profile: ''":                                   false,
		all + ", lock: true, locked: true":                      false,
		"namespaces: {}, lock: true":                            false,
		"namespaces: {except: [kube-system]}, lock: true":       false,
		"namespaces: {names: ['prod-*']}, lock: true":           false,
		"namespaces: {selector: {}}, lock: true":                false,
		"namespaces: {all: true, names: [shop]}, lock: true":    false,
		"namespaces: {names: [shop, shop]}, lock: true":         false,
		"namespaces: {selector: {matchLabels: {}}, except: []}": false,
	}
}

func TestTheAPIServerTakesAndRefusesTheGuardsThatTheProgramDoes(t *testing.T) {
	t.Parallel()
	for spec, want := range guardSpecs() {
		text := "apiVersion: gabion.io/v1alpha1\nkind: PodSecurityGuard\nmetadata: {name: tried}\nspec: {" + spec + "}\n"
		out, err := kubectl(t, text, "create", "--validate=strict", "--dry-run=server", "-f", "-")
		if (err == nil) != want {
			t.Errorf("%s: the API server takes it: %v: %s", spec, err == nil, out)
		}
		documents, err := document.Read([]byte(text))
		if err != nil || len(documents) != 1 {
			t.Fatalf("%s: %v", spec, err)
		}
		if _, err := guard.Of(documents[0]); (err == nil) != want {
			t.Errorf("%s: the program takes it: %v: %v", spec, err == nil, err)
		}
	}
}

func TestGuardsAreShownWithWhatMattersOfThem(t *testing.T) {
	t.Parallel()
	const text = `apiVersion: gabion.io/v1alpha1
kind: PodSecurityGuard
metadata: {name: shown}
spec: {action: deny, namespaces: {names: [nowhere]}, floor: {enforce: "baseline:latest"}, lock: true}
`
	if out, err := kubectl(t, text, "create", "--validate=strict", "-f", "-"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"psguard", "podsecguard", "podsecurityguards"} {
		out, err := kubectl(t, "", "get", name)
		if err != nil || !strings.Contains(strings.Join(strings.Fields(out), " "), "shown deny baseline:latest true") {
			t.Errorf("kubectl get %s: %v\n%s", name, err, out)
		}
	}
}
