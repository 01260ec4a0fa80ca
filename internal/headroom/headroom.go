// Package headroom has the garbage collector wait at first. A program that links
// it collects once, when nothing is there yet, and then, unless GOGC or GOMEMLIMIT say
// something else, with a heap of 32 MiB, where it would with 4: neither what its
// packages make at the start nor the little that a server of a small cluster holds
// is gone over again and again. It imports only the runtime, and so is ready before
// other packages are.
package headroom

import "runtime"

// untouched is memory that nobody ever touches, so the system gives none for it.
// The garbage collector counts it, and so waits for as much again before it runs.
var untouched = make([]byte, 16<<20)

// Keep keeps the memory until here.
func Keep() { runtime.KeepAlive(untouched) }
