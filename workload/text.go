package workload

// Text is the text that a template was read from, a part of its file.
type Text struct {
	// Bytes are the text itself, which must not be changed. For an item of a List
	// in YAML's block style a blank stands for the item's dash.
	Bytes []byte
	// Line and Column are where it begins in its file, as [Template.Position]
	// counts.
	Line, Column int
	// JSON tells JSON from YAML.
	JSON bool
	// Object is how many steps lead from the root of the text to the object: none,
	// unless the text is a List.
	Object int
}

// Text returns the text that the template was read from, for who edits it, and the
// steps that lead from its root to a path of the pod: keys are strings, places in
// lists are ints. ok is false if the template came without text.
func (t *Template) Text(path string) (text Text, steps []any, ok bool) {
	if t.doc == nil {
		return Text{}, nil, false
	}
	text = Text{Line: t.doc.at.line, Column: t.doc.at.column + 1, JSON: t.doc.json != nil}
	if text.JSON {
		text.Bytes = t.doc.json.text
	} else {
		text.Bytes = t.doc.yaml.text
	}
	under, ok := parseSteps(t.doc.under)
	if !ok {
		return Text{}, nil, false
	}
	text.Object = len(under)
	below, ok := parseSteps(t.FullPath(path))
	for _, s := range append(under, below...) {
		if s.key != nil {
			steps = append(steps, string(s.key))
		} else {
			steps = append(steps, s.index)
		}
	}
	return text, steps, ok
}
