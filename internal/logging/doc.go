// Package logging writes the log of a server that may have much to say: the lines
// of log/slog, many of them by one system call.
package logging
