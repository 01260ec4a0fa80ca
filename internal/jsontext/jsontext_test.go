package jsontext

import (
	"strings"
	"testing"
)

// plain is Plain, one byte at a time.
func plain(s string, i int) int {
	for i < len(s) && s[i] >= ' ' && s[i] != '"' && s[i] != '\\' && s[i] <= 0x7f {
		i++
	}
	return i
}

func TestPlainTextEndsAtTheFirstByteThatDoesNotStandForItself(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for before := range 20 {
			for _, after := range []string{"", "a", strings.Repeat("b", 9), "\"\\\x00\xff  ~\x7f!!"} {
				s := strings.Repeat("~ x\x7f[]", 5)[:before] + string([]byte{byte(c)}) + after
				for i := range len(s) + 1 {
					if got, want := Plain(s, i), plain(s, i); got != want {
						t.Fatalf("Plain(%q, %d) = %d, want %d", s, i, got, want)
					}
				}
			}
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("plain", 0)
	f.Add("some \"quoted\" text with a \\ in it, and \u00e9", 3)
	f.Fuzz(func(t *testing.T, s string, i int) {
		if i < 0 || i > len(s) {
			return
		}
		if got, want := Plain(s, i), plain(s, i); got != want {
			t.Errorf("Plain(%q, %d) = %d, want %d", s, i, got, want)
		}
	})
}
