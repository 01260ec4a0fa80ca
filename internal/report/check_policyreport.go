package report

import (
	"cmp"
	"io"
	"strconv"
)

// checkPolicyReport writes objects for a cluster, from which dashboards read what
// policies say of other objects: a report for each object that was judged, and
// one for all errors. They are small however large the input is, and follow each
// other as documents of a YAML stream.
type checkPolicyReport struct {
	w            io.Writer
	o            CheckOptions
	kind         policyReportKind
	fingerprints fingerprints

	// What is known of the object that is being reported: its templates come one
	// after the other.
	source  Source
	current *policyReport
	errors  *policyReport
}

// policyReportKind is one of the two APIs, whose results are the same.
type policyReportKind struct {
	apiVersion, kind, clusterKind string
	// source says that the report names its source, too.
	source bool
}

func newCheckOpenReports(w io.Writer, o CheckOptions) CheckWriter {
	return &checkPolicyReport{w: w, o: o, kind: policyReportKind{"openreports.io/v1alpha1", "Report", "ClusterReport", true}}
}

func newCheckPolicyReport(w io.Writer, o CheckOptions) CheckWriter {
	return &checkPolicyReport{w: w, o: o, kind: policyReportKind{"wgpolicyk8s.io/v1alpha2", "PolicyReport", "ClusterPolicyReport", false}}
}

// reporter is the name that reports give their source.
const reporter = "gabion"

// policyReport is a Report of openreports.io/v1alpha1, or a PolicyReport of
// wgpolicyk8s.io/v1alpha2. The timestamps of results, which may be left out, are:
// the same input makes the same report.
type policyReport struct {
	APIVersion string               `json:"apiVersion"`
	Kind       string               `json:"kind"`
	Metadata   policyReportMeta     `json:"metadata"`
	Source     string               `json:"source,omitempty"`
	Scope      *policyReportScope   `json:"scope,omitempty"`
	Summary    policyReportSummary  `json:"summary"`
	Results    []policyReportResult `json:"results"`
}

type policyReportMeta struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace,omitempty"`
	Labels    map[string]string `json:"labels"`
}

type policyReportScope struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name,omitempty"`
}

type policyReportSummary struct {
	Pass  int `json:"pass"`
	Fail  int `json:"fail"`
	Warn  int `json:"warn"`
	Error int `json:"error"`
	Skip  int `json:"skip"`
}

type policyReportResult struct {
	Source     string            `json:"source"`
	Policy     string            `json:"policy"`
	Rule       string            `json:"rule,omitempty"`
	Category   string            `json:"category,omitempty"`
	Severity   string            `json:"severity,omitempty"`
	Result     string            `json:"result"`
	Scored     bool              `json:"scored"`
	Message    string            `json:"message,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
}

// The outcomes of a result.
const (
	outcomePass  = "pass"
	outcomeFail  = "fail"
	outcomeWarn  = "warn"
	outcomeError = "error"
	outcomeSkip  = "skip"
)

const category = "Pod Security Standards"

func (c *checkPolicyReport) Result(r *Result) error {
	if err := c.about(r.Object, r.Source); err != nil {
		return err
	}
	add := func(result policyReportResult) { c.current.add(result) }
	for _, m := range modes(r) {
		outcome := outcomeFail
		if !m.fails() {
			outcome = outcomeWarn
		}
		for _, v := range m.violations {
			for i := range v.Findings {
				add(policyReportResult{
					Policy: m.policy, Rule: v.Control, Severity: weightOf(v.Level), Result: outcome, Scored: outcome == outcomeFail,
					Message: v.sentence(&v.Findings[i]), Properties: c.properties(r.Source, v.Findings[i].Path, v.Findings[i].Line, v.Findings[i].RenderedLine, m.mode),
				})
			}
		}
	}
	for _, i := range r.Invalid {
		add(policyReportResult{
			Policy: "validation", Rule: ruleInvalid, Severity: "medium", Result: outcomeFail, Scored: true,
			Message:    i.sentence(),
			Properties: c.properties(r.Source, i.Path, i.Line, i.RenderedLine, "enforce"),
		})
	}
	for _, u := range r.Exceptions {
		for _, control := range u.Controls {
			add(policyReportResult{Policy: r.Policy, Rule: control, Result: outcomeSkip, Message: u.String() + ": " + EscapeSentence(u.Reason)})
		}
	}
	ignored, known := r.aside()
	for _, i := range ignored {
		add(policyReportResult{Policy: r.Policy, Rule: i.Control, Result: outcomeSkip, Message: i.line()})
	}
	for i := range known {
		add(policyReportResult{Policy: r.Policy, Rule: known[i].Control, Result: outcomeSkip, Message: known[i].knownLine()})
	}
	if r.Allowed && len(r.Invalid)+len(ignored)+len(known) == 0 {
		add(policyReportResult{
			Policy: r.Policy, Result: outcomePass, Scored: true, Message: "The pod meets " + policy(r) + ".",
			Properties: c.properties(r.Source, r.Source.Template, 0, 0, "enforce"),
		})
	}
	return nil
}

func (c *checkPolicyReport) NotChecked(n NotChecked) error {
	if err := c.about(n.Object, n.Source); err != nil {
		return err
	}
	outcome := outcomeError
	if c.o.AllowUnchecked {
		outcome = outcomeSkip
	}
	i := c.fingerprints.unchecked(&n, severityError)
	c.current.add(policyReportResult{
		Policy: "gabion", Rule: ruleNotChecked, Result: outcome, Message: i.message,
		Properties: c.properties(n.Source, "", 0, 0, ""),
	})
	return nil
}

func (c *checkPolicyReport) Error(e Error) error {
	if c.errors == nil {
		c.errors = c.new(c.kind.clusterKind, "gabion-errors", "")
	}
	c.errors.add(policyReportResult{
		Policy: "gabion", Rule: ruleError, Result: outcomeError, Message: EscapeSentence(e.Message),
		Properties: c.properties(e.Source, "", 0, 0, ""),
	})
	return nil
}

func (c *checkPolicyReport) Close(Summary) error {
	if err := c.end(); err != nil || c.errors == nil {
		return err
	}
	return c.write(c.errors)
}

// about begins the report of an object, unless it is the one that is open.
func (c *checkPolicyReport) about(o Object, s Source) error {
	s.Template = ""
	if c.current != nil && c.source == s {
		return nil
	}
	if err := c.end(); err != nil {
		return err
	}
	c.source = s
	c.current = c.new(c.kind.kind, "gabion-"+c.fingerprints.of(o, "", &Finding{})[:20], o.Namespace)
	c.current.Scope = &policyReportScope{o.APIVersion, o.Kind, o.Namespace, o.Name}
	return nil
}

func (c *checkPolicyReport) new(kind, name, namespace string) *policyReport {
	r := &policyReport{
		APIVersion: c.kind.apiVersion, Kind: kind, Results: []policyReportResult{},
		Metadata: policyReportMeta{name, namespace, map[string]string{"app.kubernetes.io/managed-by": reporter}},
	}
	if c.kind.source {
		r.Source = reporter
	}
	return r
}

// end writes the report that is open, if one is.
func (c *checkPolicyReport) end() error {
	if c.current == nil {
		return nil
	}
	r := c.current
	c.current = nil
	return c.write(r)
}

func (c *checkPolicyReport) write(r *policyReport) error {
	if _, err := io.WriteString(c.w, "---\n"); err != nil {
		return err
	}
	return writeYAML(c.w, r)
}

func (r *policyReport) add(result policyReportResult) {
	result.Source, result.Category = reporter, category
	r.Results = append(r.Results, result)
	switch result.Result {
	case outcomePass:
		r.Summary.Pass++
	case outcomeFail:
		r.Summary.Fail++
	case outcomeWarn:
		r.Summary.Warn++
	case outcomeError:
		r.Summary.Error++
	case outcomeSkip:
		r.Summary.Skip++
	}
}

// weightOf is what a violation of a control of a level weighs.
func weightOf(level string) string {
	if level == "baseline" {
		return "high"
	}
	return "medium"
}

// properties say where something is.
func (c *checkPolicyReport) properties(s Source, path string, line, rendered int, mode string) map[string]string {
	all := map[string]string{}
	for name, text := range map[string]string{"file": escapeAll(c.o.path(s.File)), "path": Escape(path), "mode": mode} {
		if text != "" {
			all[name] = text
		}
	}
	rendered = cmp.Or(rendered, s.RenderedLine)
	switch line = cmp.Or(line, s.Line); {
	case line > 0:
		all["line"] = strconv.Itoa(line)
	case rendered > 0:
		all["renderedLine"] = strconv.Itoa(rendered)
	}
	return all
}
