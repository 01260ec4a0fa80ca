// Package cli is the command tree of gabion, which is kubectl-gabion too: one
// file a command. A command is an Options struct (what it needs, and its
// flags), a constructor and a run function; what it found goes to package
// report. [Main] is the only place that knows exit codes.
package cli
