package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// encodeYAML returns v as YAML that says what its JSON says, in the same order.
// Strings stand between double quotes unless they are plainly words, so that no
// reader, whatever its version of YAML, takes one for something else.
func encodeYAML(v any) ([]byte, error) {
	text, err := encodeJSON(v, "")
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var b bytes.Buffer
	if err := yamlValue(&b, d, "", true); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("turning JSON into YAML: %w", err)
	}
	return b.Bytes(), nil
}

// yamlValue writes the decoder's next value and a line end. The indent is that
// of the value's keys or items; atStart says that the value begins a line, or
// stands where one may, behind "- ".
func yamlValue(b *bytes.Buffer, d *json.Decoder, indent string, atStart bool) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	open, nested := token.(json.Delim)
	if !nested {
		if !atStart {
			b.WriteByte(' ')
		}
		yamlScalar(b, token)
		b.WriteByte('\n')
		return nil
	}
	if !d.More() {
		if !atStart {
			b.WriteByte(' ')
		}
		b.WriteString(map[json.Delim]string{'{': "{}", '[': "[]"}[open] + "\n")
		_, err = d.Token()
		return err
	}
	if !atStart {
		b.WriteByte('\n')
	}
	for first := true; d.More(); first = false {
		if !first || !atStart {
			b.WriteString(indent)
		}
		if err := yamlMember(b, d, indent, open); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// yamlMember writes a key with its value, or an item.
func yamlMember(b *bytes.Buffer, d *json.Decoder, indent string, open json.Delim) error {
	if open == '[' {
		b.WriteString("- ")
		return yamlValue(b, d, indent+"  ", true)
	}
	key, err := d.Token()
	if err != nil {
		return err
	}
	yamlScalar(b, key)
	b.WriteByte(':')
	return yamlValue(b, d, indent+"  ", false)
}

func yamlScalar(b *bytes.Buffer, token json.Token) {
	switch v := token.(type) {
	case string:
		if isWords(v) {
			b.WriteString(v)
		} else {
			yamlQuote(b, v)
		}
	case nil:
		b.WriteString("null")
	default:
		_, _ = fmt.Fprint(b, v) // a boolean, or a number as JSON spelt it
	}
}

// isWords reports whether a string needs no quotes in any YAML: it begins with
// a letter, holds nothing but letters, digits and a few marks that mean
// nothing, and is no word that YAML 1.1 reads as a boolean, null or a number.
func isWords(s string) bool {
	switch strings.ToLower(s) {
	case "", "y", "yes", "n", "no", "true", "false", "on", "off", "null", "nan", "inf":
		return false
	}
	for i, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		colon := c == ':' && i+1 < len(s) && s[i+1] != ' ' // "a: b" and "a:" are keys
		if !letter && (i == 0 || !colon && !strings.ContainsRune("0123456789_-./", rune(c))) {
			return false
		}
	}
	return true
}

// yamlQuote writes a string between double quotes; what does not print is
// escaped.
func yamlQuote(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			fmt.Fprintf(b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
}
