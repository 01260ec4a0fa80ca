// Package inventory holds what a cluster contains at one moment, as far as Pod
// Security is concerned: namespaces with their labels, the pods that exist, the
// workloads that make pods, and who may do what. It does not know where that
// came from: a live cluster, a snapshot of one, or manifests.
//
// A [Builder] takes objects in any order. Equal pods share one [View], so that
// replicas cost little and are judged once.
package inventory
