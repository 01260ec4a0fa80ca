package logging

import (
	"log/slog"
	"strconv"
	"time"

	"github.com/gabion-security/gabion/internal/jsontext"
)

// appendJSON appends a record as a [slog.JSONHandler] writes it, but quicker: see
// BenchmarkDenial. It knows texts of printable ASCII, whole numbers and booleans,
// as nearly all lines of a server are made of; ok is false where there is anything
// else.
func appendJSON(b []byte, r *slog.Record) (line []byte, ok bool) {
	if year := r.Time.Year(); r.Time.IsZero() || year < 0 || year > 9999 {
		return b, false
	}
	b = append(b, `{"time":"`...)
	b = r.Time.Round(0).AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","level":`...)
	b, ok = appendText(b, r.Level.String())
	b = append(b, `,"msg":`...)
	if ok {
		b, ok = appendText(b, r.Message)
	}
	r.Attrs(func(a slog.Attr) bool {
		if ok = ok && a.Key != ""; ok {
			b, ok = appendAttr(b, a)
		}
		return ok
	})
	return append(b, "}\n"...), ok
}

func appendAttr(b []byte, a slog.Attr) (_ []byte, ok bool) {
	b = append(b, ',')
	if b, ok = appendText(b, a.Key); !ok {
		return b, false
	}
	b = append(b, ':')
	switch a.Value.Kind() { //nolint:exhaustive // all others are left to the standard library
	case slog.KindString:
		return appendText(b, a.Value.String())
	case slog.KindInt64:
		return strconv.AppendInt(b, a.Value.Int64(), 10), true
	case slog.KindBool:
		return strconv.AppendBool(b, a.Value.Bool()), true
	}
	return b, false
}

// appendText appends a string in JSON, unless a character in it is neither printable
// ASCII nor to be escaped by a backslash.
func appendText(b []byte, s string) (_ []byte, ok bool) {
	b = append(b, '"')
	for i := 0; ; {
		end := jsontext.Plain(s, i)
		b = append(b, s[i:end]...)
		switch {
		case end == len(s):
			return append(b, '"'), true
		case s[end] != '"' && s[end] != '\\':
			return b, false
		}
		b = append(b, '\\', s[end])
		i = end + 1
	}
}
