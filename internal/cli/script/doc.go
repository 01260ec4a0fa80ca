// Package script has no code of its own: its tests run the commands as people do,
// story by story, and compare every byte of what they print. They stand apart from
// package cli because each story starts programs, of which the race detector would
// see nothing and take its time all the same.
package script
