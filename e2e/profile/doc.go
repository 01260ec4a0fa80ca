// Package profile holds the CustomResourceDefinition of PodSecurityProfile
// against a real API server: it is served, takes the examples as they are, and
// refuses what the program refuses.
package profile
