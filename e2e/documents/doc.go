// Package documents holds the CustomResourceDefinitions of Gabion's documents
// against a real API server: they are served, take the examples as they are, and
// refuse what the program refuses.
package documents
