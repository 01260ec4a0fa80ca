// Package document reads documents of the group gabion.io from YAML and JSON,
// and overlooks nothing in them: neither a field that does not exist nor one
// that has no value. A policy that is read for less than it says keeps nobody
// out.
package document
