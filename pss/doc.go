// Package pss decides whether a pod meets the Kubernetes Pod Security
// Standards (https://kubernetes.io/docs/concepts/security/pod-security-standards/)
// exactly as Pod Security admission in the API server does (KEP-2579,
// k8s.io/pod-security-admission v0.37.2), and says where and why it does not.
//
// A [Pod] is the security-relevant view of one pod, free of Kubernetes types;
// package workload reads it from manifests. An [Evaluator] judges a Pod against
// a [LevelVersion] and returns a [Verdict], a value: which controls failed. The
// findings (path, container, value, fix) and the API server's own sentences are
// derived from it when somebody asks, so that a pod that passes costs nothing.
//
// The package imports the standard library only.
package pss
