package generate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// node is a JSON value with its members in order.
type node struct {
	members []member // of an object
	items   []node   // of a list
	scalar  any      // string, json.Number, bool or nil
	kind    byte     // '{', '[' or 0 for a scalar
	// plain is a string that upstream's decoder does not unescape: a quantity.
	plain bool
}

type member struct {
	key   string
	value node
}

// parse reads a JSON text.
func parse(data []byte) (node, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	n, err := parseValue(d)
	if err != nil {
		return node{}, fmt.Errorf("parsing JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return node{}, errors.New("parsing JSON: text after the value")
	}
	return n, nil
}

func parseValue(d *json.Decoder) (node, error) {
	token, err := d.Token()
	if err != nil {
		return node{}, err //nolint:wrapcheck // parse does
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return node{scalar: token}, nil
	}
	n := node{kind: byte(delim)}
	for d.More() {
		var m member
		if delim == '{' {
			key, err := d.Token()
			if err != nil {
				return node{}, err //nolint:wrapcheck // parse does
			}
			m.key, _ = key.(string)
		}
		if m.value, err = parseValue(d); err != nil {
			return node{}, err
		}
		if delim == '{' {
			n.members = append(n.members, m)
		} else {
			n.items = append(n.items, m.value)
		}
	}
	_, err = d.Token()
	return n, err //nolint:wrapcheck // parse does
}
