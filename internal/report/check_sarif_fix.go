package report

type sarifFix struct {
	Description sarifText     `json:"description"`
	Changes     []sarifChange `json:"artifactChanges"`
}

type sarifChange struct {
	Artifact     sarifArtifact      `json:"artifactLocation"`
	Replacements []sarifReplacement `json:"replacements"`
}

type sarifReplacement struct {
	Deleted  sarifRegion `json:"deletedRegion"`
	Inserted *sarifText  `json:"insertedContent,omitempty"`
}

// fixes are the edits of a finding as one fix, file by file.
func (c *checkSARIF) fixes(i *issue) []sarifFix {
	f := i.finding
	if len(f.Edits) == 0 {
		return nil
	}
	fix := sarifFix{Description: sarifText{Text: f.fixText()}}
	files := map[string]int{}
	for _, e := range f.Edits {
		at, ok := files[e.File]
		if !ok {
			at = len(fix.Changes)
			files[e.File] = at
			fix.Changes = append(fix.Changes, sarifChange{Artifact: c.artifact(e.File)})
		}
		r := sarifReplacement{Deleted: sarifRegion{StartLine: e.StartLine, StartColumn: e.StartColumn, EndLine: e.EndLine, EndColumn: e.EndColumn}}
		if e.Text != "" {
			r.Inserted = &sarifText{Text: e.Text} // as it is: it goes into a file, not to a screen
		}
		fix.Changes[at].Replacements = append(fix.Changes[at].Replacements, r)
	}
	return []sarifFix{fix}
}
