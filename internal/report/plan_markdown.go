package report

import (
	"strings"
)

// markdown makes text harmless in a page: it is shown as it is.
func markdown(s string) string {
	return strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;", "|", `\|`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "\\", `\\`,
	).Replace(escapeAll(s))
}

// planMarkdown is the plan for a page, such as the summary of a job.
func planMarkdown(p *Plan) string {
	var b strings.Builder
	b.WriteString("## Pod Security plan\n\nKubernetes " + markdown(p.Latest) + ", target " + p.Target + ", pinned to " + p.Pin + ". " + p.Summary.Line() + ".\n")
	for i := range p.Namespaces {
		n := &p.Namespaces[i]
		if len(n.AtRisk) == 0 {
			continue
		}
		b.WriteString("\n**The next restart fails in " + markdown(n.Name) + "**, which enforces " + n.Current.Enforce + markdown(n.floor()) + ":\n\n")
		markdownBlockers(&b, n.AtRisk)
	}
	var weaker []string
	for i := range p.Namespaces {
		if n := &p.Namespaces[i]; n.planned() && n.has(ReasonWeaker) {
			weaker = append(weaker, markdown(n.Name))
		}
	}
	if len(weaker) > 0 {
		b.WriteString("\n**Labelled weaker than they need**: " + strings.Join(weaker, ", ") + "\n")
	}
	if len(p.Namespaces) > 0 {
		b.WriteString("\n| Namespace | Enforces | Passes | Now | To fix |\n|---|---|---|---|---|\n")
	}
	for i := range p.Namespaces {
		n := &p.Namespaces[i]
		cells := []string{n.Name, n.enforces(), n.passes(), n.doNow(), n.toFix()}
		for j := range cells {
			cells[j] = markdown(cells[j])
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	for i := range p.Namespaces {
		n := &p.Namespaces[i]
		if steps := n.steps(); len(steps) > 0 && n.planned() {
			b.WriteString("\n### " + markdown(n.Name) + ": " + countOf(len(steps[0].Blockers), "workload") + " before " + levelOf(steps[0].Enforce) + "\n\n")
			markdownBlockers(&b, steps[0].Blockers)
		}
	}
	begun := false
	for i := range p.Namespaces {
		for _, u := range p.Namespaces[i].Exceptions {
			if !begun {
				b.WriteString("\n### By exception\n\n" + exceptionsAbout + ":\n\n")
				begun = true
			}
			b.WriteString("- " + markdown(p.Namespaces[i].Name) + ": " + markdown(u.what()) + "\n")
		}
	}
	if len(p.Gaps) > 0 {
		b.WriteString("\n### Not seen\n\n")
		for _, gap := range p.Gaps {
			b.WriteString("- " + markdown(gap) + "\n")
		}
	}
	return b.String()
}

// markdownBlockers lists workloads with what fixes them.
func markdownBlockers(b *strings.Builder, blockers []PlanBlocker) {
	for i := range blockers {
		b.WriteString("- " + markdown(nameOf(&blockers[i])) + "\n")
		for j := range blockers[i].Violations {
			v := &blockers[i].Violations[j]
			if len(v.Findings) == 0 {
				b.WriteString("  - " + markdown(v.Control+" "+v.Reason+" "+v.Detail) + "\n")
			}
			for _, f := range v.Findings {
				where := ""
				if v.Origin != OriginTemplate {
					where = " (" + v.Origin + ")"
				}
				b.WriteString("  - " + markdown(v.Control) + ": " + markdown(f.Path) + where + ": " + markdown(f.Fix) + "\n")
			}
		}
	}
}
