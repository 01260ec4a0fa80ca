// Package stories tells, on a real API server, the stories of the commands that
// need one, and compares every byte of what they print.
package stories
