// Package typed reads pods and pod templates from the Go types of the
// Kubernetes API, for callers that hold objects instead of text: it gives the
// same views as package workload gives for their JSON, and applies the same
// defaulting unless [workload.Options.Stored] says that the API server has.
//
// Two things are not in an object and so not in the view: positions, and how
// quantities were written. [workload.Template.Invalid] is empty; callers that
// need it have [workload.Template.ReadInvalid].
package typed
