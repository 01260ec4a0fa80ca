// Package v1alpha1 holds the API types of Gabion's own documents, group
// gabion.io. They are files for the program and objects of a cluster alike.
//
// +kubebuilder:object:generate=true
// +groupName=gabion.io
package v1alpha1
