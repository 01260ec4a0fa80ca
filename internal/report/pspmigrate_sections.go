package report

import (
	"cmp"
	"fmt"
	"strings"
)

// sections are the migration for people.
func (m *Migration) sections() []section {
	all := []section{{title: "Calendar", prose: m.Calendar}, m.overview()}
	all = append(all, m.fit(), m.editors(), m.simplify(), m.namespaces())
	for i := range m.Namespaces {
		all = append(all, m.Namespaces[i].sections()...)
	}
	all = append(all, m.bypass(), m.creation(), m.retire())
	if len(m.Gaps) > 0 {
		all = append(all, section{title: "Not seen", prose: m.Gaps})
	}
	return all
}

func (m *Migration) overview() section {
	s := section{title: "Steps", header: []string{"STEP", "STATE", "WHAT", "WHY"}}
	for _, step := range m.Steps {
		s.rows = append(s.rows, []string{step.Step, step.State, step.Title, step.Why})
	}
	return s
}

// heading is the title of a step.
func (m *Migration) heading(number string) string {
	for _, s := range m.Steps {
		if s.Step == number {
			return "Step " + s.Step + ": " + s.Title
		}
	}
	return "Step " + number
}

// someOf lists the first of many words.
func someOf(words []string) string {
	const most = 4
	if len(words) > most+1 {
		words = append(words[:most:most], fmt.Sprintf("and %d more", len(words)-most))
	}
	return cmp.Or(strings.Join(words, ", "), "-")
}

// fields lists the first of many fields. An annotation of a policy, such as
// seccomp.security.alpha.kubernetes.io/defaultProfileName, is as wide as a column
// may be: it is "seccomp defaultProfileName" here.
func fields(names []string) string {
	var short []string
	for _, name := range names {
		name = shortField(name)
		if domain, key, ok := strings.Cut(name, "/"); ok {
			about, _, _ := strings.Cut(domain, ".")
			name = about + " " + key
		}
		short = append(short, name)
	}
	return someOf(short)
}

func (m *Migration) fit() section {
	s := section{title: m.heading("0"), header: []string{"POLICY", "NEAREST", "CHANGES PODS BY", "ASKS WHAT THE LEVEL DOES NOT"}}
	for _, p := range m.Policies {
		s.rows = append(s.rows, []string{p.Name, p.Nearest, fields(p.Mutates), someOf(p.Lost)})
	}
	for _, p := range m.LeftOut {
		s.rows = append(s.rows, []string{p.Name, "left out: " + p.Why})
	}
	switch {
	case len(m.Policies)+len(m.LeftOut) == 0:
		s.prose = []string{"No PodSecurityPolicy was found."}
	case len(m.Policies) == 0:
		s.prose = []string{"Of policies that are left out nothing is said here, nor in the steps that follow."}
	default:
		s.prose = []string{
			"Levels neither change pods nor ask for more than they are. What a policy asks beyond its nearest level a profile keeps ('gabion psp convert'); " +
				"if that is not enough, another policy engine is needed.",
		}
	}
	return s
}

func (m *Migration) editors() section {
	s := section{title: m.heading("1"), header: []string{"WHO", "CAN", "WHERE", "BY"}}
	for _, e := range m.Editors {
		s.rows = append(s.rows, []string{someOf(e.Subjects), strings.Join(e.Can, ", "), someOf(e.Where), e.Binding + " to " + e.Role})
	}
	s.prose = []string{"The labels of a namespace say what is enforced in it, so that whoever can edit them can take it off. 'gabion who-can weaken' finds every other way."}
	if len(m.Editors) == 0 {
		s.prose = append([]string{"Nobody was found but components of Kubernetes and system:masters."}, s.prose...)
	}
	return s
}

func (m *Migration) simplify() section {
	s := section{title: m.heading("2"), header: []string{"POLICY", "COPY", "DROPS", "KEEPS, BECAUSE PODS MAY DEPEND ON IT"}}
	for i := range m.Policies {
		p := &m.Policies[i]
		copied := "to be made"
		switch {
		case len(p.Dropped) == 0:
			copied = "needs none"
		case p.Copied && len(p.Ungranted) > 0:
			copied = "is there, not for all"
		case p.Copied:
			copied = "is there"
		}
		s.rows = append(s.rows, []string{p.Name, copied, fields(p.Dropped), fields(p.Kept)})
	}
	if len(m.Policies) > 0 {
		for i := range m.Policies {
			if p := &m.Policies[i]; len(p.AdmitsMore) > 0 {
				s.prose = append(s.prose, "The copy of "+p.Name+" admits more than it, wherever it may be used: "+p.MoreAdmitted()+". '--apply --yes' makes it with --allow-weaker only.")
			}
		}
		s.prose = append([]string{"A copy is chosen before its original by the pods that it admits unchanged; after some days the pods that still are under the original need what it drops. Pods made of a template that does not say what a copy drops are without it from then on: patch those of step 3 first. 'gabion psp migrate --apply' makes them, and lets roles that name originals name them, too:"}, s.prose...)
		s.code = "kubectl get psp,clusterroles,roles -A -o yaml > psp.yaml\ngabion psp simplify -f psp.yaml\ngabion psp simplify -f psp.yaml -o manifests | kubectl apply -f -\n"
	}
	return s
}

func (m *Migration) namespaces() section {
	s := section{title: m.heading("3"), header: []string{"NAMESPACE", "STATE", "ADMITTED BY", "ENFORCES", "PASSES", "ONCE PATCHED", "PATCHES", "WHY"}}
	for i := range m.Namespaces {
		n := &m.Namespaces[i]
		s.rows = append(s.rows, []string{
			n.Name, n.State, someOf(n.Policies), n.Enforces, n.Passes, n.PassesPatched, fmt.Sprint(len(n.Patches)), n.Why,
		})
	}
	var ready []string
	for i := range m.Namespaces {
		if n := &m.Namespaces[i]; n.State == MigrationNamespaceLabel {
			ready = append(ready, n.labelCommand())
		}
	}
	if len(ready) > 0 {
		s.prose = []string{"What can be labelled now, once nothing in it is being rolled out, after a dry run (--dry-run=server); 'gabion psp migrate --apply' does both, and step 3d:"}
		s.code = strings.Join(ready, "")
	}
	return s
}

// labelCommand sets the labels.
func (n *MigrationNamespace) labelCommand() string {
	if !isNamespaceName(n.Name) {
		return "# left out, because no namespace can have this name: " + Escape(n.Name) + "\n"
	}
	var b strings.Builder
	b.WriteString("kubectl label --overwrite ns " + n.Name)
	for _, key := range policyKeys() {
		if value, ok := n.Labels[key]; ok {
			b.WriteString(" \\\n  " + key + "=" + value)
		}
	}
	return b.String() + "\n"
}

// sections are what has to be done in the namespace before it can be labelled.
func (n *MigrationNamespace) sections() (all []section) {
	if len(n.Patches) > 0 {
		s := section{title: "Patches in " + n.Name, header: []string{"OBJECT", "POLICY", "HAS TO SAY", "SAYS", "TO BE"}}
		for i := range n.Patches {
			p := &n.Patches[i]
			for _, c := range p.Settings {
				s.rows = append(s.rows, []string{p.Object.KindName(), p.Policy, shortField(c.Path), shortValue(c.Template), shortValue(c.Pod)})
			}
			s.code += p.Command
		}
		s.prose = []string{"Policies have said this for the pods; without them the templates have to. Write it where the objects come from, or patch them, as 'gabion psp migrate --apply' does:"}
		all = append(all, s)
	}
	if len(n.Refused) > 0 {
		s := section{title: "Refused in " + n.Name, header: []string{"OBJECT", "WHY"}}
		for _, r := range n.Refused {
			s.rows = append(s.rows, []string{r.Object.KindName(), r.Message})
		}
		s.prose = []string{"No policy that may be used admits these pods as things stand."}
		all = append(all, s)
	}
	if len(n.Blockers) > 0 {
		s := section{title: "In " + n.Name + " before " + n.Next, header: []string{"OBJECT", "CONTROL", "FIX"}}
		for i := range n.Blockers {
			for j := range n.Blockers[i].Violations {
				v := &n.Blockers[i].Violations[j]
				fix := v.Fix
				if len(v.Findings) > 0 {
					fix = v.Findings[0].Path + ": " + v.Findings[0].Fix
				}
				s.rows = append(s.rows, []string{n.Blockers[i].Object.KindName(), v.Control, fix})
			}
		}
		all = append(all, s)
	}
	return all
}

func (m *Migration) bypass() section {
	s := section{title: m.heading("3d")}
	if m.Bypass.Policy == nil {
		s.prose = []string{"The API server has no PodSecurityPolicy: there is nothing to take away."}
		return s
	}
	s.prose = []string{
		"Where the service accounts of a namespace may use a policy that admits everything, PodSecurityPolicy does nothing any more. Do it in a namespace once its labels are enforced.",
		"To go back, delete the binding.",
	}
	if len(m.Bypass.All) > 0 {
		s.prose = append(s.prose, "These roles let every policy be used, and this one too as soon as it is there, in every namespace that they are bound for: "+strings.Join(m.Bypass.All, ", ")+
			". Give them resourceNames first: 'gabion psp migrate --apply' does not make it while one is bound for more than the namespaces at hand, but for --allow-weaker.")
	}
	var b strings.Builder
	b.WriteString("# The policy and the role, once\nkubectl apply -f - <<'EOF'\n")
	for i, object := range []any{m.Bypass.Policy, m.Bypass.Role} {
		if i > 0 {
			b.WriteString("---\n")
		}
		text, err := encodeYAML(object)
		if err != nil {
			continue // never: it is JSON
		}
		b.Write(text)
	}
	b.WriteString("EOF\n# in each namespace\n" + m.Bypass.command("NAMESPACE") + "# and back\nkubectl -n NAMESPACE delete rolebinding " + m.Bypass.Binding + "\n")
	s.code = b.String()
	return s
}

// command makes the binding.
func (b *MigrationBypass) command(namespace string) string {
	return "kubectl -n " + namespace + " create rolebinding " + b.Binding + " --clusterrole " + b.Binding + " --group system:serviceaccounts:" + namespace + "\n"
}

func (m *Migration) creation() section {
	defaults := "For namespaces that come without labels, the API server is given defaults by --admission-control-config-file. "
	if m.Defaults == "" {
		defaults += "None are proposed here: " + m.NoDefaults + "."
	} else {
		defaults += "Those that break nothing now ('gabion plan -o admissionconfiguration' says where the file goes):"
	}
	return section{title: m.heading("4"), prose: []string{
		"Who can create namespaces stands in step 1. Whatever they use (kubectl, Helm's --create-namespace, GitOps, operators, self service) has to set labels from now on.",
		defaults,
	}, code: m.Defaults}
}

func (m *Migration) retire() section {
	s := section{title: m.heading("5"), prose: []string{
		"Take PodSecurityPolicy out of --enable-admission-plugins of every API server. The log of a server that has started says which plugins it has loaded; the policy's name must not be there.",
		"Then nothing looks at the objects any more, and they can be deleted. Gabion prints the commands and runs none.",
	}}
	s.code = "kubectl -n kube-system logs -l component=kube-apiserver --tail=-1 | grep 'admission controller(s) successfully'\n" + strings.Join(m.Retire, "")
	return s
}
