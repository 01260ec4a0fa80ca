package documents_test

import (
	"strings"
	"testing"
)

// wrongExceptions are specs of exceptions that both the API server and the program
// refuse.
func wrongExceptions() map[string]string {
	const controls, shop = "controls: [{id: privileged}]", "namespaces: {names: [shop]}"
	return map[string]string{
		"no reason":                         shop + ", " + controls,
		"an empty reason":                   "reason: '', " + shop + ", " + controls,
		"no namespaces":                     "reason: r, " + controls,
		"empty namespaces":                  "reason: r, namespaces: {}, " + controls,
		"namespaces except some":            "reason: r, namespaces: {except: [shop]}, " + controls,
		"all and names":                     "reason: r, namespaces: {all: true, names: [shop]}, " + controls,
		"no name of a namespace":            "reason: r, namespaces: {names: []}, " + controls,
		"a pattern for a namespace":         "reason: r, namespaces: {names: ['shop-*']}, " + controls,
		"an empty selector":                 "reason: r, namespaces: {selector: {}}, " + controls,
		"a selector of no label":            "reason: r, namespaces: {selector: {matchLabels: {}}}, " + controls,
		"no controls":                       "reason: r, " + shop,
		"empty controls":                    "reason: r, controls: [], " + shop,
		"a control twice":                   "reason: r, controls: [{id: privileged}, {id: privileged}], " + shop,
		"a control without its ID":          "reason: r, controls: [{values: [a]}], " + shop,
		"no value":                          "reason: r, controls: [{id: privileged, values: []}], " + shop,
		"an unknown mode":                   "reason: r, modes: [deny], " + controls + ", " + shop,
		"no mode":                           "reason: r, modes: [], " + controls + ", " + shop,
		"empty pods":                        "reason: r, pods: {}, " + controls + ", " + shop,
		"an empty selector of pods":         "reason: r, pods: {selector: {}}, " + controls + ", " + shop,
		"no service account":                "reason: r, pods: {serviceAccounts: []}, " + controls + ", " + shop,
		"empty containers":                  "reason: r, containers: {}, " + controls + ", " + shop,
		"no container":                      "reason: r, containers: {names: []}, " + controls + ", " + shop,
		"an unknown kind of container":      "reason: r, containers: {kinds: [sidecar]}, " + controls + ", " + shop,
		"a time that is none":               "reason: r, expiresAt: tomorrow, " + controls + ", " + shop,
		"an unknown field":                  "reason: r, expires: '2027-01-01T00:00:00Z', " + controls + ", " + shop,
		"an unknown field of the selection": "reason: r, namespaces: {name: shop}, " + controls,
	}
}

func TestTheAPIServerRefusesTheExceptionsThatTheProgramDoes(t *testing.T) {
	t.Parallel()
	for name, spec := range wrongExceptions() {
		refused(t, name, "PodSecurityException", spec, "--exceptions")
	}
}

func TestExceptionsAreShownWithWhatMattersOfThem(t *testing.T) {
	t.Parallel()
	const text = `apiVersion: gabion.io/v1alpha1
kind: PodSecurityException
metadata: {name: istio-init}
spec:
  reason: the CNI plugin is not rolled out yet
  owner: team-mesh
  ticket: SEC-12
  expiresAt: "2127-03-01T00:00:00Z"
  modes: [enforce, audit, warn]
  namespaces: {names: [shop], selector: {matchLabels: {mesh: "on"}}}
  pods: {selector: {matchLabels: {app: web}}, serviceAccounts: [web]}
  containers: {names: [istio-init], kinds: [initContainer], images: ["docker.io/istio/proxyv2"]}
  controls: [{id: capabilities_baseline, values: [NET_ADMIN, NET_RAW]}]
`
	if out, err := kubectl(t, text, "create", "--validate=strict", "-f", "-"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := kubectl(t, "", "get", "psexception", "istio-init")
	if err != nil || !strings.Contains(out, "istio-init   team-mesh   2127-03-01T00:00:00Z   the CNI plugin is not rolled out yet") {
		t.Errorf("kubectl get psexception: %v\n%s", err, out)
	}
	out, err = kubectl(t, "", "explain", "psexception.spec.containers.images")
	if err != nil || !strings.Contains(out, "docker.io/istio-evil") {
		t.Errorf("kubectl explain: %v\n%s", err, out)
	}
}
