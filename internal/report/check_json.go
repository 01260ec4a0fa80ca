package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// encodeJSON returns v as indented JSON whose lines after the first begin with
// the prefix. The characters < > & stand for themselves.
func encodeJSON(v any, prefix string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(prefix, "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// checkJSON writes the results as they come. The lists behind them in the
// document wait, encoded, until it is closed.
type checkJSON struct {
	w                  io.Writer
	results            int
	notChecked, errors spool
}

const itemPrefix = "    "

func (c *checkJSON) begin() error {
	_, err := io.WriteString(c.w, "{\n  \"apiVersion\": \""+APIVersion+"\",\n  \"kind\": \"CheckReport\",\n  \"results\": [")
	return err
}

func (c *checkJSON) Result(r *Result) error {
	if c.results == 0 {
		if err := c.begin(); err != nil {
			return err
		}
	}
	c.results++
	return writeItem(c.w, c.results == 1, r)
}

func (c *checkJSON) NotChecked(n NotChecked) error {
	return writeItem(&c.notChecked, !c.notChecked.some, n)
}

func (c *checkJSON) Error(e Error) error {
	return writeItem(&c.errors, !c.errors.some, e)
}

// writeItem writes one item of a list that stands at the document's top.
func writeItem(w io.Writer, first bool, v any) error { return writeItemAt(w, first, v, itemPrefix) }

// writeItemAt writes one item of a list whose items are indented by the prefix.
func writeItemAt(w io.Writer, first bool, v any, prefix string) error {
	text, err := encodeJSON(v, prefix)
	if err != nil {
		return err
	}
	line := make([]byte, 0, len(text)+len(prefix)+2)
	if !first {
		line = append(line, ',')
	}
	line = append(line, "\n"+prefix...)
	_, err = w.Write(append(line, text...))
	return err
}

func (c *checkJSON) Close(s Summary) error {
	if c.results == 0 {
		if err := c.begin(); err != nil {
			return err
		}
	}
	list := closeList(c.results > 0)
	for _, next := range []struct {
		name  string
		items *spool
	}{{"notChecked", &c.notChecked}, {"errors", &c.errors}} {
		if _, err := fmt.Fprintf(c.w, "%s,\n  %q: [", list, next.name); err != nil {
			return err
		}
		if err := next.items.drain(c.w); err != nil {
			return err
		}
		list = closeList(next.items.some)
	}
	summary, err := encodeJSON(s, "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.w, "%s,\n  \"summary\": %s\n}\n", list, summary)
	return err
}

func closeList(some bool) string {
	if some {
		return "\n  ]"
	}
	return "]"
}
