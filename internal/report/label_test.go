package report

import (
	"bytes"
	"strings"
	"testing"
)

// labelRow is a namespace without anything but its outcome.
func labelRow(name, outcome, reason string) LabelNamespace {
	return LabelNamespace{
		Namespace: name, Outcome: outcome, Reason: reason, Labels: []LabelEdit{}, Loosened: []LabelLoosening{}, Blockers: []LabelBlocker{},
		Unseen: []string{}, Conflicts: []LabelConflict{}, Warnings: []string{},
	}
}

func labelReports() map[string]Label {
	const enforce, warn = "pod-security.kubernetes.io/enforce", "pod-security.kubernetes.io/warn"
	document := func(dryRun string, rows ...LabelNamespace) Label {
		l := Label{APIVersion: APIVersion, Kind: "LabelReport", DryRun: dryRun, Namespaces: append([]LabelNamespace{}, rows...)}
		l.Summarize()
		return l
	}
	done := labelRow("shop", OutcomeLabeled, "")
	done.From, done.To = "privileged:latest", "baseline:latest"
	done.Labels = []LabelEdit{
		{enforce, new("privileged"), new("baseline"), []string{"a", "b"}}, {enforce + "-version", nil, new("latest"), []string{}},
		{warn, new("restricted"), nil, []string{}}, {warn + "-version", new("latest"), new("latest"), []string{}}, {"x", nil, nil, []string{}},
	}
	done.Warnings = []string{"existing pods"}
	refused := labelRow(hostile, OutcomeRefused, "it would reject 4 workloads"+hostile)
	violation := func(control, reason string, fixes ...string) LabelViolation {
		fixes = append([]string{"mend " + control}, fixes...)
		return LabelViolation{control, "baseline", reason, fixes, strings.Join(fixes, "; ")}
	}
	refused.Blockers = []LabelBlocker{
		{Object{"apps/v1", "Deployment", hostile, "idle"}, true, 0, []LabelViolation{violation("hostPorts", "hostPort"), violation("sysctls", "sysctls")}},
		{Object{"apps/v1", "Deployment", hostile, "busy"}, true, 3, []LabelViolation{violation("sysctls", "sysctls", "hostPID: remove it")}},
		{Object{"apps/v1", "Deployment", hostile, "meshed"}, false, 1, []LabelViolation{violation("sysctls", hostile)}},
		{Object{"apps/v1", "DaemonSet", hostile, hostile}, false, 2, []LabelViolation{violation("sysctls", "sysctls")}},
		{Object{"v1", "Pod", hostile, "p"}, false, 1, []LabelViolation{violation(hostile, hostile)}},
	}
	refused.Unseen = []string{"pods could not be listed: " + hostile}
	looser := labelRow("looser", OutcomeRefused, "it would loosen enforce")
	looser.From, looser.To, looser.Loosened = "restricted:latest", "baseline:latest", []LabelLoosening{{"enforce", "restricted:latest", "baseline:latest"}}
	looser.Labels = []LabelEdit{{enforce, new("restricted"), new("baseline"), []string{"a"}}}
	empty := labelRow("empty", OutcomeLabeled, "")
	empty.Empty, empty.Assumed, empty.Labels = true, true, []LabelEdit{{enforce, nil, new("baseline"), []string{}}}
	kept := labelRow("kept", OutcomeKept, "it has changed")
	kept.Conflicts = []LabelConflict{{enforce, new(hostile), []string{hostile}}, {warn, nil, []string{}}}
	owned := labelRow("owned", OutcomeOwned, "it is somebody's")
	owned.Labels = []LabelEdit{{enforce, new(hostile), new("baseline"), []string{hostile}}}
	owned.Conflicts = []LabelConflict{{enforce, new(hostile), []string{hostile}}}
	many := document("server", done, refused, looser, empty, kept, owned, labelRow("same", OutcomeUnchanged, ""), labelRow("back", OutcomeRestored, ""),
		labelRow("left", OutcomeSkipped, "out"), labelRow("bad", OutcomeFailed, hostile), labelRow("late", OutcomeNotDone, "interrupted"))
	many.Undo, many.Cluster = hostile, Cluster{"https://10.0.0.1:6443", "u"}
	return map[string]Label{"nothing": document("none"), "one": document("client", done), "many": many}
}

// labelText writes the text of a report as it comes: first what is going to be
// done, then what was.
func labelText(t *testing.T, style Style, l *Label) []byte {
	t.Helper()
	var out bytes.Buffer
	for i := range l.Namespaces {
		row := l.Namespaces[i]
		switch row.Outcome {
		case OutcomeLabeled, OutcomeRestored, OutcomeNotDone:
			row.Outcome = "" // not known yet
		}
		must(t, WriteLabelPlan(&out, style, &row))
	}
	for i := range l.Namespaces {
		must(t, WriteLabelOutcome(&out, style, l.DryRun, &l.Namespaces[i]))
	}
	out.WriteString(l.Summary.String() + "\n")
	return out.Bytes()
}

func TestEveryFormatOfALabellingIsAsItsGolden(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	for name, l := range labelReports() {
		for _, format := range LabelFormats() {
			if format == "text" {
				got["label-"+name+".text"] = labelText(t, Style{}, &l)
				continue
			}
			var out bytes.Buffer
			must(t, WriteLabel(&out, format, &l))
			got["label-"+name+"."+format] = out.Bytes()
		}
		got["label-"+name+".terminal"] = labelText(t, Style{Colour: true}, &l)
	}
	compareGoldens(t, "label-*", got)
}

func TestEveryOutcomeIsCounted(t *testing.T) {
	t.Parallel()
	l := labelReports()["many"]
	s := l.Summary
	if sum := s.Labeled + s.Restored + s.Unchanged + s.Refused + s.Owned + s.Kept + s.Skipped + s.Failed + s.NotDone; sum != s.Namespaces || sum != 11 {
		t.Errorf("%d namespaces have an outcome of %d", sum, s.Namespaces)
	}
}
