package parity_test

import (
	"fmt"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

func podSteps() []step {
	generated := pod("", hostPID)
	generated.GenerateName = "generated-"
	long := strings.Repeat("a", 253)
	binding := patch("pods", "base", "compliant/binding", asJSON,
		`{"apiVersion":"v1","kind":"Binding","metadata":{"name":"compliant"},"target":{"apiVersion":"v1","kind":"Node","name":"n"}}`)
	binding.method = http.MethodPost
	return []step{
		{"201", create("pods", "base", pod("compliant"))},
		{`Warning: would violate PodSecurity "restricted:`, create("pods", "base", pod("root", asRoot))},
		{`403; Forbidden: pods "host" is forbidden: violates PodSecurity "baseline:v1.30"`, create("pods", "base", pod("host", hostPID))},
		{`403; Forbidden: pods "both" is forbidden`, create("pods", "base", pod("both", hostPID, privileged)).dry()},
		{`403; Forbidden: pods "generated-`, create("pods", "base", generated)},
		{`403; Forbidden: pods "` + long, create("pods", "base", pod(long, hostPID))},
		{`403; Forbidden: pods "0.a-b.c"`, create("pods", "base", pod("0.a-b.c", privileged))},
		{`"restricted:v1.24"`, create("pods", "strict", pod("p", asRoot))},
		{"201", create("pods", "strict", pod("compliant"))},
		{"enforce-policy", create("pods", strings.Repeat("a", 63), pod(long))},
		{`enforce-policy=privileged:latest`, create("pods", "open", pod("host", hostPID))},
		{`enforce-policy=privileged:v1.99`, create("pods", "crowd", pod("host", hostPID))},
		{"audit-violations", create("pods", "advise", pod("host", hostPID))},
		{"baseline:v1.30", create("pods", "typo", pod("host", hostPID)).dry()},
		{"404", create("pods", "nowhere", pod("host", hostPID))},
		{"409", create("pods", "base", pod("compliant"))},
		{"422", create("pods", "base", pod("Bad_name", hostPID))},
		{"422", patch("pods", "base", "compliant", mergePatch, `{"metadata":5}`)},
		{"403; Forbidden: ", apply("pods", "base", "applied",
			`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"applied"},"spec":{"hostIPC":true,"containers":[{"name":"c","image":"i"}]}}`)},
		{"Warning: ", apply("pods", "base", "applied",
			`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"applied"},"spec":{"containers":[{"name":"c","image":"i"}]}}`)},
		{"403; Forbidden: ", create("pods", "base", pod("windows", windows))},
		{"201", binding},
	}
}

// windows makes a pod one with a host process.
func windows(p *corev1.Pod) {
	p.Spec = corev1.PodSpec{
		OS: &corev1.PodOS{Name: corev1.Windows}, HostNetwork: true,
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), WindowsOptions: &corev1.WindowsSecurityContextOptions{HostProcess: new(true)},
		},
		Containers: []corev1.Container{{Name: "main", Image: "i"}},
	}
}

// Patches of a pod.
const (
	newImage   = `{"spec":{"containers":[{"name":"main","image":"other"}]}}`
	newInit    = `{"spec":{"initContainers":[{"name":"init","image":"other"}]}}`
	annotation = `{"metadata":{"annotations":{"a":"b"}}}`
	deadline   = `{"spec":{"activeDeadlineSeconds":1000}}`
	resize     = `{"spec":{"containers":[{"name":"main","resources":{"requests":{"cpu":"2"}}}]}}`
	phase      = `{"status":{"message":"m"}}`
	condition  = `{"status":{"conditions":[{"type":"Ready","status":"False"}]}}`
)

// debugger is the patch that adds an ephemeral container.
func debugger(name, securityContext string) string {
	return fmt.Sprintf(`{"spec":{"ephemeralContainers":[{"name":%q,"image":"i","securityContext":%s}]}}`, name, securityContext)
}

const compliantContext = `{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}`

func podUpdateSteps() []step {
	update := func(namespace, name, body string) *request { return patch("pods", namespace, name, strategic, body) }
	return []step{
		{"201", create("pods", "strict", pod("legacy", hostPID, sized)).by(exemptUser)},
		{"201", create("pods", "strict", pod("sized", sized))},
		{nothing, update("strict", "legacy", annotation).insignificant()},
		{nothing, update("strict", "legacy", deadline).insignificant()},
		{nothing, update("strict", "legacy/status", phase)},
		{nothing, update("strict", "legacy/status", condition).by(exemptUser)},
		{"200", update("strict", "legacy/resize", resize).insignificant()},
		{"200", update("strict", "sized/resize", resize).insignificant()},
		{`403; Forbidden: pods "legacy"`, update("strict", "legacy", newImage)},
		{`403; Forbidden: pods "legacy"`, update("strict", "legacy", newInit).dry()},
		{`403; Forbidden: pods "legacy"`, update("strict", "legacy/ephemeralcontainers", debugger("d", compliantContext))},
		{`exempt=user`, update("strict", "legacy", newImage).by(exemptUser)},
		{`exempt=user`, update("strict", "legacy/ephemeralcontainers", debugger("d", compliantContext)).by(exemptUser)},
		{`exempt=user`, update("strict", "legacy", `{"metadata":{"annotations":{"c":"d"}}}`).insignificant().by(exemptUser)},
		{`enforce-policy=restricted:v1.24`, update("strict", "sized", newImage)},
		{`enforce-policy=restricted:v1.24`, update("strict", "sized", newInit)},
		{`enforce-policy=restricted:v1.24`, update("strict", "sized/ephemeralcontainers", debugger("d", compliantContext))},
		{`403; Forbidden: pods "sized"`, update("strict", "sized/ephemeralcontainers", debugger("e", `{"privileged":true}`))},
		{`403; Forbidden: pods "sized"`, update("strict", "sized/ephemeralcontainers", debugger("e", `{}`)).dry()},
		{"422", update("strict", "sized/ephemeralcontainers", debugger("main", `{}`))},
		{"422", update("strict", "sized", `{"spec":{"hostPID":true}}`)},
		{`Warning: would violate PodSecurity "`, update("base", "root", newImage)},
		{`enforce-policy=privileged:latest`, update("open", "host", annotation).insignificant()},
		{`enforce-policy=privileged:latest`, update("open", "host", newImage)},
		{"audit-violations", update("advise", "host", newImage)},
		{nothing, update("advise", "host", annotation).insignificant()},
		{"200", remove("pods", "base", "root")},
	}
}

func exemptionSteps() []step {
	const ignored = "is exempt from Pod Security, and the policy"
	steps := []step{
		{ignored, create("namespaces", "", namespace(exemptNamespace, "enforce", "restricted", "warn-version", "v1.20"))},
		{"200", relabel(exemptNamespace, "enforce", "privileged")},
		{ignored, relabel(exemptNamespace, "enforce", "baseline", "audit", "baseline", "enforce-version", "v1.22")},
		{"200", relabel(exemptNamespace, "warn", "baseline")},
		{"422", relabel(exemptNamespace, "warn", "b")},
		{"200", relabel(exemptNamespace, "enforce", "", "enforce-version", "", "audit", "", "warn", "", "warn-version", "")},
		{`exempt=namespace`, create("pods", exemptNamespace, pod("host", hostPID))},
		{`exempt=namespace`, create("pods", exemptNamespace, pod("both", hostPID)).by(exemptUser)},
		{`exempt=namespace`, patch("pods", exemptNamespace, "host", strategic, newImage)},
		{`exempt=namespace`, patch("pods", exemptNamespace, "host", strategic, annotation).insignificant()},
		{`exempt=user`, create("pods", "strict", pod("exempt", hostPID, privileged)).by(exemptUser)},
		{`exempt=user`, create("pods", "open", pod("exempt", hostPID)).by(exemptUser)},
		{`exempt=runtimeClass`, create("pods", "strict", pod("sandbox", hostPID, ofClass(exemptClass)))},
		{`exempt=runtimeClass`, patch("pods", "strict", "sandbox", strategic, newImage)},
		{`enforce-policy=privileged:latest`, create("pods", "open", pod("sandbox", ofClass(exemptClass)))},
		{"403; Forbidden: ", create("pods", "strict", pod("judged", hostPID, ofClass(judgedClass)))},
		{"RuntimeClass", create("pods", "strict", pod("none", hostPID, ofClass("unknown")))},
	}
	for _, kind := range workloads {
		steps = append(steps,
			step{`exempt=namespace`, create(kind, exemptNamespace, workload(kind, "w", pod("", hostPID)))},
			step{`exempt=user`, create(kind, "strict", workload(kind, "w", pod("", hostPID))).by(exemptUser)},
			step{`exempt=runtimeClass`, create(kind, "strict", workload(kind, "v", pod("", hostPID, ofClass(exemptClass))))},
		)
	}
	return steps
}
