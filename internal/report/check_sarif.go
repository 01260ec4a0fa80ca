package report

import (
	"cmp"
	"io"
	"slices"
	"strings"
)

// The documents that SARIF names.
const (
	sarifSchema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	homepage     = "https://github.com/gabion-security/gabion"
	standardPage = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
	sourceRoot   = "%SRCROOT%"
	// fingerprintName has a version: whoever changes what goes into a
	// fingerprint changes it.
	fingerprintName = "gabionFinding/v1"
)

// checkSARIF writes SARIF 2.1.0. Results are written as they come, and what
// could not be checked when it is closed, as notifications of the run.
type checkSARIF struct {
	w             io.Writer
	o             CheckOptions
	rules         map[string]int
	fingerprints  fingerprints
	begun, some   bool
	notifications spool
}

func newCheckSARIF(w io.Writer, o CheckOptions) CheckWriter { return &checkSARIF{w: w, o: o} }

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifRule struct {
	ID            string          `json:"id"`
	Name          string          `json:"name"`
	Short         sarifText       `json:"shortDescription"`
	Full          sarifText       `json:"fullDescription"`
	Help          sarifText       `json:"help"`
	HelpURI       string          `json:"helpUri,omitempty"`
	Configuration sarifLevel      `json:"defaultConfiguration"`
	Properties    sarifProperties `json:"properties"`
}

type sarifLevel struct {
	Level string `json:"level"`
}

// sarifProperties are those of a rule that GitHub reads.
type sarifProperties struct {
	Precision string   `json:"precision"`
	Severity  string   `json:"security-severity"`
	Tags      []string `json:"tags"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Fixes        []sarifFix         `json:"fixes,omitempty"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	State        string             `json:"baselineState,omitempty"`
	Properties   sarifResultDetails `json:"properties"`
}

// sarifResultDetails are what SARIF has no place of its own for.
type sarifResultDetails struct {
	Policy    string `json:"policy"`
	Path      string `json:"path"`
	Container string `json:"container,omitempty"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI  string `json:"uri"`
	Base string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	StartLine   int        `json:"startLine"`
	StartColumn int        `json:"startColumn,omitempty"`
	EndLine     int        `json:"endLine,omitempty"`
	EndColumn   int        `json:"endColumn,omitempty"`
	Snippet     *sarifText `json:"snippet,omitempty"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

type sarifNotification struct {
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

func (c *checkSARIF) Result(r *Result) error {
	if err := c.begin(); err != nil {
		return err
	}
	for _, i := range slices.Concat(c.fingerprints.issues(r), c.fingerprints.aside(r)) {
		result := sarifResult{
			RuleID: i.rule, RuleIndex: c.rule(i.rule), Level: sarifSeverity(i.severity), Message: sarifText{Text: Escape(r.Object.KindName()) + ": " + i.message},
			Locations: []sarifLocation{c.location(&i)}, Fingerprints: map[string]string{fingerprintName: i.fingerprint},
			Fixes: c.fixes(&i), Suppressions: suppressions(&i), State: c.state(&i),
			Properties: sarifResultDetails{r.Policy, Escape(i.finding.Path), Escape(i.finding.Container)},
		}
		if err := writeItemAt(c.w, !c.some, result, "        "); err != nil {
			return err
		}
		c.some = true
	}
	return nil
}

// rule is a rule's place in the list, -1 for one that is not in it.
func (c *checkSARIF) rule(id string) int {
	if i, ok := c.rules[id]; ok {
		return i
	}
	return -1
}

func (c *checkSARIF) NotChecked(n NotChecked) error {
	i := c.fingerprints.unchecked(&n, c.o.unchecked())
	return c.notify(&i)
}

func (c *checkSARIF) Error(e Error) error {
	i := c.fingerprints.failed(&e)
	return c.notify(&i)
}

func (c *checkSARIF) notify(i *issue) error {
	return writeItemAt(&c.notifications, !c.notifications.some, sarifNotification{
		Level: sarifSeverity(i.severity), Message: sarifText{Text: i.title + ": " + i.message}, Locations: []sarifLocation{c.location(i)},
	}, "            ")
}

func sarifSeverity(s severity) string { return [...]string{"note", "warning", "error"}[s] }

// location is where an issue is in a file and in the cluster's terms.
func (c *checkSARIF) location(i *issue) sarifLocation {
	l := sarifLocation{Physical: sarifPhysical{Artifact: c.artifact(i.source.File)}}
	if i.line > 0 {
		l.Physical.Region = &sarifRegion{StartLine: i.line, StartColumn: i.column}
		if i.finding != nil && i.finding.RenderedLine == 0 {
			l.Physical.Region.Snippet = snippet(i.finding.Excerpt, i.line)
		}
	}
	if i.object != (Object{}) {
		name := Escape(i.object.Namespace) + "/" + Escape(i.object.KindName())
		if i.finding != nil && i.finding.Path != "" {
			name += "/" + Escape(i.finding.Path)
		}
		l.Logical = []sarifLogical{{name, "resource"}}
	}
	return l
}

// snippet is a line of an excerpt.
func snippet(x Excerpt, line int) *sarifText {
	at := line - x.From
	if at < 0 || at >= len(x.Lines) {
		return nil
	}
	return &sarifText{Text: Escape(x.Lines[at])}
}

func (c *checkSARIF) artifact(file string) sarifArtifact {
	uri, relative := c.o.uri(file)
	if !relative {
		return sarifArtifact{URI: uri}
	}
	return sarifArtifact{uri, sourceRoot}
}

// begin writes everything that comes before the results.
func (c *checkSARIF) begin() error {
	if c.begun {
		return nil
	}
	c.begun, c.rules = true, map[string]int{}
	rules := sarifRules(c.o.Controls)
	for i := range rules {
		c.rules[rules[i].ID] = i
	}
	driver, err := encodeJSON(struct {
		Name         string      `json:"name"`
		Version      string      `json:"version,omitempty"`
		Organisation string      `json:"organization"`
		URI          string      `json:"informationUri"`
		Rules        []sarifRule `json:"rules"`
	}{"Gabion", c.o.Version, "Gabion", homepage, rules}, "        ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.w, `{
  "$schema": "`+sarifSchema+`",
  "version": "2.1.0",
  "runs": [
    {
      "tool": {
        "driver": `+string(driver)+`
      },
      "columnKind": "unicodeCodePoints",
      "originalUriBaseIds": {
        "`+sourceRoot+`": {
          "description": {
            "text": "The root of the repository or, outside of one, the directory of the run."
          }
        }
      },
      "results": [`)
	return err
}

func (c *checkSARIF) Close(s Summary) error {
	if err := c.begin(); err != nil {
		return err
	}
	successful := "true"
	if s.Errors > 0 || s.NotChecked > 0 && !c.o.AllowUnchecked {
		successful = "false"
	}
	_, err := io.WriteString(c.w, sarifListEnd(c.some, "      ")+`,
      "invocations": [
        {
          "executionSuccessful": `+successful+`,
          "toolExecutionNotifications": [`)
	if err != nil {
		return err
	}
	for _, f := range s.Fixed {
		if err := c.fixed(&f); err != nil {
			return err
		}
	}
	some := c.notifications.some
	if err := c.notifications.drain(c.w); err != nil {
		return err
	}
	_, err = io.WriteString(c.w, sarifListEnd(some, "          ")+"\n        }\n      ]\n    }\n  ]\n}\n")
	return err
}

func sarifListEnd(some bool, indent string) string {
	if some {
		return "\n" + indent + "]"
	}
	return "]"
}

// sarifRules are the rules of the controls, and that of what the API server
// refuses.
func sarifRules(controls []Control) []sarifRule {
	rules := []sarifRule{}
	for i := range controls {
		rules = append(rules, sarifRuleOf(&controls[i]))
	}
	const refused = "What the API server's validation refuses although the Pod Security Standards have no opinion on it."
	const missing = "A guard names a PodSecurityProfile that is not there, so every pod that it selects is refused."
	return append(rules, sarifRule{
		ID: ruleProfile, Name: "Missing profile", Short: sarifText{Text: "A profile that is asked for is not there"},
		Full: sarifText{Text: missing}, Help: sarifText{Text: missing},
		Configuration: sarifLevel{"error"}, Properties: sarifProperties{"very-high", "5.0", []string{"kubernetes"}},
	}, sarifRule{
		ID: ruleInvalid, Name: "Invalid pod", Short: sarifText{Text: "The API server would refuse the pod"},
		Full: sarifText{Text: refused}, Help: sarifText{Text: refused},
		Configuration: sarifLevel{"error"}, Properties: sarifProperties{"very-high", "1.0", []string{"kubernetes"}},
	})
}

// sarifRuleOf is the rule of a control. The numbers are GitHub's: from 7.0 on
// something is of high severity, from 4.0 on of medium.
func sarifRuleOf(c *Control) sarifRule {
	weight, page := "5.0", standardPage
	switch c.Level {
	case "baseline":
		weight = "8.0"
	case LevelProfile:
		page = ""
	}
	fields := cmp.Or(strings.Join(c.Fields, ", "), "none")
	allowed := cmp.Or(strings.Join(c.Allowed, ", "), "what the profile says")
	var markdown strings.Builder
	markdown.WriteString(markdownText(c.Why) + "\n\n**Fields:**\n")
	for _, f := range c.Fields {
		markdown.WriteString("\n- " + markdownCode(f))
	}
	markdown.WriteString("\n\n**Allowed:** " + markdownText(allowed) + "\n\n**Fix:** " + markdownText(c.Fix) + "\n")
	return sarifRule{
		ID: c.ID, Name: c.Name, Short: sarifText{Text: c.Name}, Full: sarifText{Text: c.Why},
		Help: sarifText{
			Text:     c.Why + "\nFields: " + fields + "\nAllowed: " + allowed + "\nFix: " + c.Fix,
			Markdown: markdown.String(),
		},
		HelpURI: page, Configuration: sarifLevel{"error"},
		Properties: sarifProperties{"very-high", weight, []string{"kubernetes", "pod-security", "security", c.Level}},
	}
}
