// Package script tells the stories of the commands: its tests run them as people do
// and compare every byte of what they print. They stand apart from package cli
// because each story starts programs, of which the race detector would see nothing
// and take its time all the same. Stories that need an API server are in
// e2e/stories.
package script
