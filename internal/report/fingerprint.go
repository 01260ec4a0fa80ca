package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// fingerprints tell findings apart by what they are about, not by where they
// stand: neither the file's name, nor lines, nor the place in a list count, so
// that a finding keeps its fingerprint when a file is renamed or lines move. Of
// findings that are the same in all the rest, each has another one, by their
// order.
type fingerprints struct{ seen map[[sha256.Size]byte]int }

// of returns the fingerprint of one finding: 32 hexadecimal digits.
func (f *fingerprints) of(o Object, rule string, x *Finding) string {
	parts := []string{
		o.APIVersion, o.Kind, o.Namespace, o.Name, rule, x.ContainerKind, x.Container,
		withoutIndexes(x.Path), fmt.Sprint(x.Value),
	}
	for i := range parts {
		parts[i] = strconv.Quote(parts[i])
	}
	text := strings.Join(parts, " ")
	sum := sha256.Sum256([]byte(text))
	if f.seen == nil {
		f.seen = map[[sha256.Size]byte]int{}
	}
	f.seen[sum]++
	if n := f.seen[sum]; n > 1 {
		sum = sha256.Sum256([]byte(text + " " + strconv.Itoa(n)))
	}
	return hex.EncodeToString(sum[:16])
}

// withoutIndexes returns a path without places in lists: a[].b for a[1].b.
func withoutIndexes(path string) string {
	var b strings.Builder
	for {
		head, rest, found := strings.Cut(path, "[")
		b.WriteString(head)
		if !found {
			return b.String()
		}
		b.WriteByte('[')
		path = strings.TrimLeft(rest, "0123456789")
		if !strings.HasPrefix(path, "]") {
			path = rest // a key, which may hold anything
		}
	}
}
