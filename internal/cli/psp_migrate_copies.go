package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/rbac"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/server/resource"
)

// copies makes the simplified copies of policies, and lets the roles that name the
// originals let them be used, too, where the answer is yes.
func (a *applying) copies(ctx context.Context) error {
	var rows []*report.MigrationPolicy
	for i := range a.report.Policies {
		if p := &a.report.Policies[i]; toCopy(p) {
			rows = append(rows, p)
		}
	}
	switch {
	case len(rows) == 0:
		return nil
	case len(a.source.namespaces) > 0:
		a.note("note: step 2 is left: a copy counts in the whole cluster; --apply without namespaces makes it")
		return nil
	case len(a.report.Bypass.All) > 0:
		a.note("note: a copy counts as soon as it is there for who may use every policy: " + strings.Join(a.report.Bypass.All, ", "))
	}
	for _, row := range rows {
		if ctx.Err() != nil {
			return errInterrupted
		}
		if err := a.copyPolicy(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// toCopy reports whether a policy has no copy yet, or not everybody who may use it
// may use the copy.
func toCopy(p *report.MigrationPolicy) bool {
	return len(p.Dropped) > 0 && (!p.Copied || len(p.Ungranted) > 0)
}

// copyPolicy makes the copy of a policy and lets it be used.
func (a *applying) copyPolicy(ctx context.Context, row *report.MigrationPolicy) error {
	simplified, _ := a.policy(row.Name).Simplify(copyPrefix+row.Name, false)
	object := "PodSecurityPolicy " + simplified.Name
	if row.Copied && !a.copied(row.Name) {
		// To let it be used would give what nobody has looked at.
		a.refuse(object, "it is not the copy of "+row.Name+" as it is now", "compare it with 'gabion psp simplify', and delete it to have it made anew")
		return nil
	}
	if free, err := a.doWithout(ctx, row, object); !free || err != nil {
		return err
	}
	if more := row.MoreAdmitted(); more != "" && a.yes && !a.weaker {
		// Nobody looks at what it admits, and it counts in the whole cluster at once.
		a.refuse(object, more, "pass --allow-weaker to have it all the same")
		return nil
	}
	if !a.agreed(ctx, copyQuestion(row, simplified.Name)) {
		return nil
	}
	if !row.Copied {
		made, err := a.write(ctx, &writing{object: object, advice: "somebody who may has to make it: 'gabion psp simplify -o manifests'",
			// Not applied: what somebody else has made meanwhile is not written over.
			send: func(ctx context.Context, c *resource.Client) error {
				return c.Create(ctx, policyPath, simplified.Document(), nil)
			},
		})
		if !made || err != nil {
			return err
		}
		undo := strings.TrimSpace(kubectl([]string{simplified.Name}, "delete podsecuritypolicy "+simplified.Name))
		if err := a.say(object+": made, "+row.Name+" without "+strings.Join(row.Dropped, ", "), undo); err != nil {
			return err
		}
	}
	for _, role := range a.backup.withoutCopy(row.Name, simplified.Name) {
		if ctx.Err() != nil {
			return errInterrupted
		}
		if err := a.grant(ctx, role, row.Name, simplified.Name); err != nil {
			return err
		}
	}
	return nil
}

// doWithout reports whether the templates under a policy say themselves what its copy
// leaves out, and their pods do. If not, that is said: the copy would be chosen for
// them, and take that away.
func (a *applying) doWithout(ctx context.Context, row *report.MigrationPolicy, object string) (bool, error) {
	var wait []string
	for i := range a.report.Namespaces {
		for _, p := range a.report.Namespaces[i].Patches {
			if p.Policy == row.Name && slices.ContainsFunc(p.Settings, func(c report.PSPChange) bool { return (*psp.Change)(&c).IsOf(row.Dropped) }) {
				wait = append(wait, p.Object.KindName()+" in namespace "+p.Object.Namespace)
			}
		}
	}
	if len(wait) > 0 {
		const most = 4
		if len(wait) > most+1 {
			wait = append(wait[:most], fmt.Sprintf("%d more", len(wait)-most))
		}
		a.refuse(object, "these templates have to say first what it does without: "+strings.Join(wait, ", "), "run it again once they do")
		return false, nil
	}
	for _, namespace := range a.patched[row.Name] {
		if rolled, err := a.rolledOut(ctx, object, namespace); !rolled || err != nil {
			return false, err
		}
	}
	return true, nil
}

func copyQuestion(row *report.MigrationPolicy, name string) string {
	var parts []string
	if !row.Copied {
		parts = append(parts, fmt.Sprintf("make PodSecurityPolicy %s, %s without %s", name, row.Name, strings.Join(row.Dropped, ", ")))
	}
	if len(row.Ungranted) > 0 {
		parts = append(parts, fmt.Sprintf("let %s be used beside %s by %s", name, row.Name, strings.Join(row.Ungranted, ", ")))
	}
	question := strings.Join(parts, ", and ")
	if more := row.MoreAdmitted(); more != "" {
		question += " (" + more + ")"
	}
	return strings.ToUpper(question[:1]) + question[1:] + "?"
}

// policy is the one of a name, which is there.
func (m *migration) policy(name string) *psp.Policy {
	return m.backup.policies[slices.IndexFunc(m.backup.policies, func(p *psp.Policy) bool { return p.Name == name })]
}

// copied reports whether the policy named as the copy of another one is that, with
// or without what changes pods.
func (m *migration) copied(name string) bool {
	there := m.policy(copyPrefix + name).Document()
	for _, all := range []bool{false, true} {
		simplified, _ := m.policy(name).Simplify(copyPrefix+name, all)
		if want := simplified.Document(); sameJSON(there, want) {
			return true
		}
	}
	return false
}

// dropsAll reports whether the copy of a policy that is there does without what
// changes pods, too, as 'gabion psp simplify --drop-all' makes it.
func (m *migration) dropsAll(p *psp.Policy) bool {
	if !m.backup.has(copyPrefix + p.Name) {
		return false
	}
	simplified, _ := p.Simplify(copyPrefix+p.Name, true)
	return sameJSON(m.policy(simplified.Name).Document(), simplified.Document())
}

func sameJSON(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}

// withoutCopy returns the roles that let a policy be used by its name, and not its
// copy. The rules of aggregated roles are those of others.
func (b *backup) withoutCopy(name, copied string) (roles []rbac.Ref) {
	add := func(ref rbac.Ref, rules []rbacv1.PolicyRule) {
		if added, _ := addCopies(rules, map[string]string{name: copied}); added {
			roles = append(roles, ref)
		}
	}
	for i := range b.roles.ClusterRoles {
		if r := &b.roles.ClusterRoles[i]; r.AggregationRule == nil {
			add(rbac.Ref{Kind: rbac.KindClusterRole, Name: r.Name}, r.DeepCopy().Rules)
		}
	}
	for i := range b.roles.Roles {
		r := &b.roles.Roles[i]
		add(rbac.Ref{Kind: rbac.KindRole, Namespace: r.Namespace, Name: r.Name}, r.DeepCopy().Rules)
	}
	slices.SortFunc(roles, func(x, y rbac.Ref) int {
		return cmp.Or(cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Name, y.Name))
	})
	return roles
}

// grant lets a role that names a policy let its copy be used, too.
func (a *applying) grant(ctx context.Context, role rbac.Ref, name, copied string) error {
	path := rbacPath + "/clusterroles/" + role.Name
	if role.Kind == rbac.KindRole {
		path = rbacPath + "/namespaces/" + role.Namespace + "/roles/" + role.Name
	}
	var before []rbacv1.PolicyRule
	written, err := a.write(ctx, &writing{object: role.String(), advice: "somebody who may give it has to: 'gabion psp simplify -o manifests'",
		send: func(ctx context.Context, c *resource.Client) error {
			return retried(func() error {
				var now rbacv1.ClusterRole // which a Role is like, as far as it matters
				if err := c.Get(ctx, path, &now); err != nil {
					return err
				}
				if err := controlled(&now.ObjectMeta); err != nil {
					return err
				}
				before = now.DeepCopy().Rules
				if added, _ := addCopies(now.Rules, map[string]string{name: copied}); !added {
					return errMeanwhile
				}
				return c.Merge(ctx, path, map[string]any{"metadata": asRead(&now.ObjectMeta), "rules": now.Rules}, nil)
			})
		},
	})
	if !written || err != nil {
		return err
	}
	return a.say(role.String()+": lets PodSecurityPolicy "+copied+" be used beside "+name, revokeCommand(role, before, name, copied))
}

// revokeCommand takes a copy out of a role again, if it stands where it was added to
// these rules.
func revokeCommand(role rbac.Ref, before []rbacv1.PolicyRule, name, copied string) string {
	after := (&rbacv1.ClusterRole{Rules: before}).DeepCopy().Rules
	addCopies(after, map[string]string{name: copied})
	steps := []map[string]string{}
	for i := range after {
		if n := len(before[i].ResourceNames); n < len(after[i].ResourceNames) {
			at := fmt.Sprintf("/rules/%d/resourceNames/%d", i, n)
			steps = append(steps, map[string]string{"op": "test", "path": at, "value": copied}, map[string]string{"op": "remove", "path": at})
		}
	}
	patch, err := json.Marshal(steps)
	if err != nil {
		return "" // never: it is text
	}
	where, names := "", []string{role.Name}
	if role.Namespace != "" {
		where, names = "-n "+role.Namespace+" ", append(names, role.Namespace)
	}
	return strings.TrimSpace(kubectl(names, where+"patch "+strings.ToLower(role.Kind)+" "+role.Name+" --type=json -p "+quoted(string(patch))))
}
