// Package jsontext is what the program's own readers and writers of JSON share.
package jsontext

import "math/bits"

// Plain returns where the text ends that begins at i and stands for itself in a
// string of JSON: at the first quote, backslash, control character or byte beyond
// ASCII, or at the end. It looks at eight bytes at a time.
func Plain(s string, i int) int {
	for i+8 <= len(s) {
		if special := Special(word(s[i : i+8])); special != 0 {
			return i + bits.TrailingZeros64(special)>>3
		}
		i += 8
	}
	for i < len(s) && s[i] >= ' ' && s[i] != '"' && s[i] != '\\' && s[i] < 0x80 {
		i++
	}
	return i
}

// Special looks at eight bytes of a string at once, of which the first is the lowest:
// the high bit of a byte is set where it is a quote, a backslash, a control character
// or not ASCII. The lowest bit that is set is right; those above it may be false alarms.
func Special(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	return ((w - ones*' ') | (w ^ ones*'"' - ones) | (w ^ ones*'\\' - ones) | w) & highs
}

// word is eight bytes in one load.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
