package report

import (
	"fmt"
	"io"
)

// checkName writes the names of the objects that violate their policy or that
// the API server would refuse, one a line.
type checkName struct {
	w    io.Writer
	last struct {
		source Source
		object Object // a template can make several
	}
}

func (c *checkName) Result(r *Result) error {
	if !r.Fails() {
		return nil
	}
	// The templates of one object come one after the other.
	source := r.Source
	source.Template = ""
	if source == c.last.source && r.Object == c.last.object {
		return nil
	}
	c.last.source, c.last.object = source, r.Object
	_, err := fmt.Fprintln(c.w, escapeAll(r.Object.KindName()))
	return err
}

func (c *checkName) NotChecked(NotChecked) error { return nil }

func (c *checkName) Error(Error) error { return nil }

func (c *checkName) Close(Summary) error { return nil }
