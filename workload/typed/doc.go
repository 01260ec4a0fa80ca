// Package typed reads pods and pod templates from the Go types of the
// Kubernetes API, for callers that hold objects instead of text: it gives the
// same views as package workload gives for their JSON, and applies the same
// defaulting unless [workload.Options.Stored] says that the API server has.
package typed
