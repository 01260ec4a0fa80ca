package main

import (
	"testing"

	"github.com/gabion-security/gabion/e2e/binaries"
)

func TestTheStartOfTheProgramIsMeasured(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program, err := binaries.Gabion(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	took, bare, resident, err := measureStartUp(t.Context(), program, dir, 2)
	if err != nil {
		t.Fatal(err)
	}
	if took.median <= 0 || bare.median <= 0 || resident <= 1 {
		t.Errorf("a start takes %v ms and %.0f MiB, of a bare program %v ms", took, resident, bare)
	}
	t.Logf("%.0f MiB are resident", resident)
}
