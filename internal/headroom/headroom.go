// Package headroom has the garbage collector wait at first. A program that links
// it collects nothing before there are 16 MiB on its heap, so neither while its packages
// are made ready nor in a run that is short. Soon after that it collects, unless GOGC or
// GOMEMLIMIT say something else, with a heap of 32 MiB at least, where it would with 4:
// the little that a server of a small cluster holds is not gone over again and again.
package headroom

import (
	"runtime"
	"runtime/debug"
)

const (
	byDefault = 100 // GOGC
	// atFirst has the first collection begin at 32 MiB, of which untouched is half.
	atFirst = 8 * byDefault
)

// untouched is memory that nobody ever touches, so the system gives none for it.
// The garbage collector counts it, and so waits for as much again before it runs.
var untouched = reserve()

func reserve() []byte {
	// So much at once would begin a collection, with nothing there to collect.
	if own := debug.SetGCPercent(atFirst); own != byDefault {
		debug.SetGCPercent(own)
	} else {
		awaitCollection()
	}
	return make([]byte, 16<<20)
}

// awaitCollection has asUsual called after the next collection.
func awaitCollection() {
	garbage := new(struct{ _ *byte }) // nobody holds it, so that one finds it
	runtime.AddCleanup(garbage, func(int) { asUsual() }, 0)
}

// asUsual ends what is only for the first collection. If somebody has set something
// else, that stays until it is set back.
func asUsual() {
	if now := debug.SetGCPercent(byDefault); now != atFirst {
		debug.SetGCPercent(now)
		awaitCollection()
	}
}

// Keep keeps the memory until here.
func Keep() { runtime.KeepAlive(untouched) }
