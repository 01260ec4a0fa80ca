package cli

import (
	"context"
	"encoding/json"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gabion-security/gabion/internal/psp"
	"github.com/gabion-security/gabion/internal/server/resource"
)

// The paths of what is written.
const (
	rbacPath   = "/apis/rbac.authorization.k8s.io/v1"
	policyPath = "/apis/policy/v1beta1/podsecuritypolicies"
)

// takeAway gives the policy that admits everything to the service accounts of
// namespaces, where the answer is yes.
func (a *applying) takeAway(ctx context.Context, names []string) error {
	chosen, err := a.toTakeAway(ctx, names)
	if err != nil {
		return err
	}
	if len(chosen) > 0 {
		possible, err := a.writeBypass(ctx)
		if err != nil {
			return err
		}
		if !possible {
			chosen = nil
		}
	}
	done := 0
	for _, name := range chosen {
		if ctx.Err() != nil {
			break
		}
		ok, _, err := a.make(ctx, &making{
			object: "RoleBinding " + name + "/" + bypassBinding, advice: "somebody who may bind roles there has to do it, as printed in step 3d",
			collection: rbacPath + "/namespaces/" + name + "/rolebindings", name: bypassBinding, want: bypassRoleBinding(name), same: sameBinding,
		})
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		done++
		if err := a.say("namespace/"+name+": PodSecurityPolicy does nothing there any more", "kubectl -n "+name+" delete rolebinding "+bypassBinding); err != nil {
			return err
		}
	}
	if done < len(names) {
		a.note(fmt.Sprintf("PodSecurityPolicy was taken away in %d of %s", done, plural(len(names), "namespace")))
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	return nil
}

// toTakeAway returns the namespaces for which the answer is yes, none if what is
// written for them would count elsewhere, too. All are asked about first: where it
// counts depends on the answers.
func (a *applying) toTakeAway(ctx context.Context, names []string) (chosen []string, err error) {
	if len(names) == 0 || !a.staysWithin(names) {
		return nil, nil
	}
	for _, name := range names {
		rolled, err := a.rolledOut(ctx, "PodSecurityPolicy in namespace "+name, name)
		if ctx.Err() != nil {
			return nil, errInterrupted
		}
		if err != nil {
			return nil, err
		}
		if rolled && a.agreed(ctx, "Take PodSecurityPolicy away in namespace "+name+"?") {
			chosen = append(chosen, name)
		}
	}
	if ctx.Err() != nil {
		return nil, errInterrupted
	}
	if len(chosen) == 0 || len(chosen) < len(names) && !a.staysWithin(chosen) {
		return nil, nil
	}
	return chosen, nil
}

// writeBypass makes what the bindings of namespaces refer to, and reports whether it
// is there.
func (a *applying) writeBypass(ctx context.Context) (bool, error) {
	const advice = "somebody who may make it has to do it, as printed in step 3d"
	for _, m := range []struct {
		making
		undo string
	}{
		{making{"PodSecurityPolicy " + psp.BypassName, advice, policyPath, psp.BypassName, psp.Bypass().Document(), samePolicy}, "podsecuritypolicy " + psp.BypassName},
		{making{"ClusterRole " + bypassBinding, advice, rbacPath + "/clusterroles", bypassBinding, bypassRole(), sameRole}, "clusterrole " + bypassBinding},
	} {
		ok, made, err := a.make(ctx, &m.making)
		if !ok || err != nil {
			return false, err
		}
		if made {
			if err := a.say(m.object+": made, for the namespaces that are given it", "kubectl delete "+m.undo); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// making is an object to be made unless it is there.
type making struct {
	// object and advice are those of a writing.
	object, advice   string
	collection, name string
	want             any
	same             func(there json.RawMessage, want any) bool
}

// make makes an object, and reports whether it is there, and whether it was made. One
// of its name that says something else is of somebody else, and not written over.
func (a *applying) make(ctx context.Context, m *making) (there, made bool, err error) {
	there, err = a.write(ctx, &writing{object: m.object, advice: m.advice, send: func(ctx context.Context, c *resource.Client) error {
		err := c.Create(ctx, m.collection, m.want, nil)
		made = err == nil
		if !apierrors.IsAlreadyExists(err) && !apierrors.IsForbidden(err) {
			return err
		}
		// Who may not make it may do without if somebody else has.
		var now json.RawMessage
		if c.Get(ctx, m.collection+"/"+m.name, &now) == nil && m.same(now, m.want) {
			return nil
		}
		if apierrors.IsAlreadyExists(err) {
			return &refusedWrite{"there is another one of its name", "delete it to have it made anew"}
		}
		return err
	}})
	return there, made, err
}

func samePolicy(there json.RawMessage, want any) bool {
	p, _, err := psp.Parse(there)
	return err == nil && sameJSON(p.Document(), want)
}

func sameRole(there json.RawMessage, want any) bool {
	var now rbacv1.ClusterRole
	role, ok := want.(*rbacv1.ClusterRole)
	return ok && decodeJSON(there, &now) == nil && now.AggregationRule == nil && sameJSON(now.Rules, role.Rules)
}

func sameBinding(there json.RawMessage, want any) bool {
	var now rbacv1.RoleBinding
	binding, ok := want.(*rbacv1.RoleBinding)
	return ok && decodeJSON(there, &now) == nil && now.RoleRef == binding.RoleRef && sameJSON(now.Subjects, binding.Subjects)
}
