// Package workload finds the pod templates in manifests (YAML, JSON, Lists, any
// kind) and reads each into a [pss.Pod], keeping where it came from, so that a
// finding can be shown at its line.
//
// A [Reader] reads one file after another; what it finds comes as a stream of
// [Item] values, one an object, in constant memory whatever the size of a List.
// The API server's defaulting that changes verdicts is applied here, so that a
// manifest is judged as the API server would judge the object it makes of it.
//
// Nothing of Kubernetes' own packages is imported; package workload/typed reads
// the same from typed objects.
package workload
