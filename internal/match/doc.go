// Package match holds what documents of the group gabion.io name things by:
// namespaces by their names and labels, images and paths part by part. What
// could be read as everything by mistake is an error.
package match
