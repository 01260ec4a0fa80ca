package report

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Justification string `json:"justification"`
}

// suppressions say that the manifest asks for a finding to be ignored.
func suppressions(i *issue) []sarifSuppression {
	if i.aside != isIgnored {
		return nil
	}
	return []sarifSuppression{{"inSource", escapeAll(i.reason)}}
}

// state is how a finding compares with the baseline, empty if there is none.
func (c *checkSARIF) state(i *issue) string {
	switch {
	case i.aside == isKnown:
		return "unchanged"
	case c.o.Baseline:
		return "new"
	}
	return ""
}

// fixed notes a finding of the baseline that is there no more. SARIF would have a
// result that is absent, but nobody knows where it stood, and GitHub refuses reports
// with a result that stands nowhere.
func (c *checkSARIF) fixed(f *Fixed) error {
	return writeItemAt(&c.notifications, !c.notifications.some, sarifNotification{
		Level: "note", Message: sarifText{Text: "Fixed since the baseline: " + f.line()},
	}, "            ")
}
