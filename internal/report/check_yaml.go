package report

import (
	"bytes"
	"io"
)

// checkYAML writes the document of checkJSON as YAML, item by item.
type checkYAML struct {
	w                  io.Writer
	results            int
	notChecked, errors spool
}

func (c *checkYAML) Result(r *Result) error {
	if c.results == 0 {
		if err := c.begin("results:\n"); err != nil {
			return err
		}
	}
	c.results++
	return writeYAMLItem(c.w, r)
}

func (c *checkYAML) NotChecked(n NotChecked) error { return writeYAMLItem(&c.notChecked, n) }

func (c *checkYAML) Error(e Error) error { return writeYAMLItem(&c.errors, e) }

func (c *checkYAML) begin(results string) error {
	_, err := io.WriteString(c.w, "apiVersion: "+APIVersion+"\nkind: CheckReport\n"+results)
	return err
}

func (c *checkYAML) Close(s Summary) error {
	if c.results == 0 {
		if err := c.begin("results: []\n"); err != nil {
			return err
		}
	}
	for _, list := range []struct {
		name  string
		items *spool
	}{{"notChecked", &c.notChecked}, {"errors", &c.errors}} {
		opening := list.name + ":\n"
		if !list.items.some {
			opening = list.name + ": []\n"
		}
		if _, err := io.WriteString(c.w, opening); err != nil {
			return err
		}
		if err := list.items.drain(c.w); err != nil {
			return err
		}
	}
	summary, err := encodeYAML(s)
	if err != nil {
		return err
	}
	b := bytes.NewBufferString("summary:\n")
	indentLines(b, summary, "  ", "  ")
	_, err = b.WriteTo(c.w)
	return err
}

func writeYAMLItem(w io.Writer, v any) error {
	text, err := encodeYAML(v)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	indentLines(&b, text, "- ", "  ")
	_, err = b.WriteTo(w)
	return err
}

// indentLines puts first before the first line and rest before the others. No
// value in the text goes over several lines.
func indentLines(to *bytes.Buffer, text []byte, first, rest string) {
	prefix := first
	for line := range bytes.Lines(text) {
		to.WriteString(prefix)
		to.Write(line)
		prefix = rest
	}
}
