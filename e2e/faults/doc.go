// Package faults breaks everything around `gabion serve`, and the program
// itself, and proves that no pod is wrongly admitted, that nothing is lost that
// need not be, and that all is well again afterwards.
package faults
