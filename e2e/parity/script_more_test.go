package parity_test

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

func workloadSteps() []step {
	var steps []step
	for _, kind := range workloads {
		update := func(name, body string) *request { return patch(kind, "advise", name, mergePatch, body) }
		steps = append(steps,
			step{`Warning: would violate PodSecurity "restricted:latest": host namespaces`, create(kind, "advise", workload(kind, "bad", pod("", hostPID)))},
			step{`Warning: would violate PodSecurity "`, create(kind, "advise", workload(kind, "worse", pod("", privileged, asRoot))).dry()},
			step{nothing, create(kind, "advise", workload(kind, "good", pod("")))},
			step{`Warning: would violate PodSecurity "`, update("bad", `{"metadata":{"annotations":{"a":"b"}}}`)},
			step{nothing, update("good", `{"metadata":{"annotations":{"a":"b"}}}`)},
			step{`Warning: would violate PodSecurity "restricted:`, create(kind, "base", workload(kind, "w", pod("", asRoot)))},
			step{`Warning: would violate PodSecurity "restricted:v1.30"`, create(kind, "strict", workload(kind, "x", pod("", hostPID)))},
			step{nothing, create(kind, "open", workload(kind, "w", pod("", hostPID)))},
			step{`Warning: would violate PodSecurity "restricted:v1.30"`, create(kind, "crowd", workload(kind, "w", pod("", hostPID)))},
			step{"404", create(kind, "nowhere", workload(kind, "w", pod("", hostPID)))},
			step{"409", create(kind, "advise", workload(kind, "bad", pod("", hostPID)))},
		)
		switch kind {
		case "replicationcontrollers", "replicasets", "deployments", "statefulsets":
			steps = append(steps, step{nothing, update("bad/scale", `{"spec":{"replicas":2}}`)})
		}
		if kind != "podtemplates" {
			steps = append(steps, step{nothing, update("bad/status", `{"metadata":{"annotations":{"c":"d"}}}`)})
		}
	}
	return append(steps,
		step{"422", patch("replicationcontrollers", "advise", "bad", mergePatch, `{"spec":{"template":null}}`)},
		step{`Warning: would violate PodSecurity "`, patch("deployments", "advise", "good", strategic, `{"spec":{"template":{"spec":{"hostIPC":true}}}}`)},
		step{`Warning: would violate PodSecurity "`, apply("deployments", "advise", "applied", `{"apiVersion":"apps/v1","kind":"Deployment",
			"metadata":{"name":"applied"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
			"spec":{"hostPID":true,"containers":[{"name":"c","image":"i"}]}}}}`)},
	)
}

// sweepSteps relabel the namespace "crowd" when there are pods in it.
func sweepSteps() []step {
	var steps []step
	for i, change := range []func(*corev1.Pod){hostPID, hostPID, hostPID, privileged, privileged, asRoot, ofClass(judgedClass)} {
		steps = append(steps, step{"201", create("pods", "crowd", pod(fmt.Sprintf("p-%d", 9-i), change))})
	}
	const existing = `existing pods in namespace "crowd" violate the new PodSecurity enforce level`
	return append(steps,
		step{"201", create("pods", "crowd", pod("sandbox", hostPID, ofClass(exemptClass)))},
		step{existing + ` "baseline:v1.99"; Warning: host (and 3 other pods): host namespaces`, relabel("crowd", "enforce", "baseline").dry()},
		step{existing, relabel("crowd", "enforce", "restricted").dry()},
		step{existing, relabel("crowd", "enforce", "restricted", "enforce-version", "v1.7").dry()},
		step{existing, relabel("crowd", "enforce", "restricted", "enforce-version", "latest").by(exemptUser).dry()},
		step{existing, put(namespace("crowd", "enforce", "baseline", "enforce-version", "v1.37")).dry()},
		step{existing + ` "baseline:v1.30"`, put(namespace("crowd")).dry()},
		step{"422", relabel("crowd", "enforce", "restrict").dry()},
		step{nothing, relabel("crowd", "enforce-version", "v1.2").dry()},
		step{nothing, relabel("crowd", "warn", "restricted", "audit", "restricted").dry()},
		step{nothing, patch("namespaces", "", "crowd/status", mergePatch, labelPatch("enforce", "restricted")).dry()},
		step{existing, relabel("crowd", "enforce", "baseline")},
		step{nothing, relabel("crowd", "warn", "baseline")},
		step{"200", remove("pods", "crowd", "p-9")},
		step{"200", remove("pods", "crowd", "p-8")},
		step{existing + ` "restricted:v1.99"; Warning: host (and 1 other pod): host namespaces`, relabel("crowd", "enforce", "restricted")},
		step{"403; Forbidden: ", patch("pods", "crowd", "host", strategic, newImage)},
		step{nothing, relabel("crowd", "enforce", "baseline").dry()},
		step{existing, relabel("crowd", "enforce", "baseline", "enforce-version", "v1.20").dry()},
		step{nothing, relabel("crowd", "enforce", "privileged")},
	)
}

// oddSteps have texts in them that Gabion escapes, and answers that the API
// server cuts.
func oddSteps() []step {
	var steps []step
	for i, o := range []odd{quoted, long, control} {
		name := fmt.Sprintf("odd-%d", i)
		steps = append(steps,
			step{"403; Forbidden: ", create("pods", "base", pod(name, typed(o.raw))).with(o)},
			step{"audit-violations", create("pods", "advise", pod(name, typed(o.raw))).with(o)},
			step{"audit-violations", create("deployments", "advise", workload("deployments", name, pod("", typed(o.raw)))).with(o)},
		)
	}
	return append(steps,
		step{"violates PodSecurity", create("pods", "strict", pod("crowded", crowded))},
		step{`Warning: would violate PodSecurity "`, create("pods", "advise", pod("crowded", crowded))}, // more than the API server sends
		step{`Warning: would violate PodSecurity "`, create("statefulsets", "advise", workload("statefulsets", "crowded", pod("", crowded)))},
	)
}

// crowded gives a pod so many containers that a warning about them is longer
// than all warnings together may be.
func crowded(p *corev1.Pod) {
	for i := range 60 {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{
			Name: fmt.Sprintf("%s%02d", strings.Repeat("c", 61), i), Image: "i",
		})
	}
}
