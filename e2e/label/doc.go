// Package label runs `gabion label` against a real API server: what it does to
// namespaces, what it refuses to do, whose labels it leaves alone, and that its
// undo data give back exactly what stood, owners included.
package label
