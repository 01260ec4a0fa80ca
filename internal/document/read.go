package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	yamlv3 "go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// maxFile is more than any policies take: an API server keeps no object of more than
// some 1.5 MiB.
const maxFile = 16 << 20

// Read reads all documents of a file of YAML or JSON, and the items of a List in
// their place. A file without any is an empty one. The error says in one line
// what is wrong, and in which line of the file the document begins.
func Read(text []byte) ([]Document, error) {
	switch {
	case len(text) > maxFile:
		return nil, fmt.Errorf("the file has %d MiB: documents are small, and one has at most %d MiB of them; keep other files elsewhere", len(text)>>20, maxFile>>20)
	case !utf8.Valid(text):
		return nil, errors.New("the file is binary, not text: name one of YAML or JSON")
	}
	var all []Document
	for _, p := range split(text) {
		documents, err := p.documents()
		if err != nil {
			if p.line > 1 {
				err = fmt.Errorf("the document that begins in line %d: %w", p.line, err)
			}
			return nil, err
		}
		all = append(all, documents...)
	}
	return all, nil
}

// part is the text of one document.
type part struct {
	text []byte
	line int
}

// split cuts a file at the lines that begin documents.
func split(text []byte) []part {
	parts := []part{{line: 1}}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if rest, ok := bytes.CutPrefix(line, []byte("---")); ok && (len(rest) == 0 || strings.ContainsRune(" \t\r\n", rune(rest[0]))) {
			parts = append(parts, part{line: n})
		}
		last := &parts[len(parts)-1]
		last.text = append(last.text, line...)
	}
	return parts
}

// documents returns the document, or the items of the List in it, and nothing if
// there are only comments.
func (p part) documents() ([]Document, error) {
	n, err := count(p.text)
	switch {
	case err != nil:
		return nil, err
	case n == 0:
		return nil, nil
	case n > 1:
		return nil, errors.New("text follows on its end: begin another document with ---")
	}
	raw, err := yaml.YAMLToJSONStrict(p.text)
	if err != nil {
		return nil, errors.New(oneLine(err))
	}
	var list struct {
		metav1.TypeMeta `json:",inline"`

		Items []json.RawMessage `json:"items"`
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &list); err != nil {
		return nil, errors.New(oneLine(err))
	}
	if list.Kind != "List" || list.APIVersion != "v1" {
		d, err := documentOf(raw, p.line)
		return []Document{d}, err
	}
	all := make([]Document, 0, len(list.Items))
	for i, item := range list.Items {
		d, err := documentOf(item, p.line)
		if err != nil {
			return nil, fmt.Errorf("items[%d]: %w", i, err)
		}
		all = append(all, d)
	}
	return all, nil
}

// count returns how many documents a text has: what follows on an end of a
// document would else be passed over.
func count(text []byte) (n int, err error) {
	for d := yamlv3.NewDecoder(bytes.NewReader(text)); ; n++ {
		var node yamlv3.Node
		err := d.Decode(&node)
		switch {
		case errors.Is(err, io.EOF):
			return n, nil
		case err != nil:
			return n, errors.New(oneLine(err))
		case n == 0 && len(node.Content) == 1 && node.Content[0].Tag == "!!null" && node.Content[0].Value == "":
			n-- // "---" without anything
		}
	}
}

// Of returns the document that one JSON object is, as API servers have them. It
// stands in no line. The error is one line.
func Of(raw []byte) (Document, error) { return documentOf(raw, 0) }

func documentOf(raw []byte, line int) (Document, error) {
	var head struct {
		metav1.TypeMeta `json:",inline"`

		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &head); err != nil {
		return Document{}, errors.New(oneLine(err))
	}
	return Document{TypeMeta: head.TypeMeta, Name: head.Metadata.Name, Line: line, json: raw}, nil
}
