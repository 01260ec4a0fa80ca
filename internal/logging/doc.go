// Package logging writes the log of a server that may have much to say: the
// text of log/slog, made without a detour, and many lines by one system call.
package logging
