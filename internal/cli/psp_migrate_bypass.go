package cli

import (
	"context"
	"fmt"

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
		ok, err := a.write(ctx, &writing{
			object: "RoleBinding " + name + "/" + bypassBinding, advice: "somebody who may bind roles there has to do it, as printed in step 3d",
			send: func(ctx context.Context, c *resource.Client) error {
				return c.Apply(ctx, rbacPath+"/namespaces/"+name+"/rolebindings/"+bypassBinding, bypassRoleBinding(name), nil)
			},
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

// writeBypass writes what the bindings of namespaces refer to, and reports whether
// it is there.
func (a *applying) writeBypass(ctx context.Context) (bool, error) {
	const advice = "somebody who may write it has to do it, as printed in step 3d"
	for _, w := range []writing{
		{"PodSecurityPolicy " + psp.BypassName, advice, func(ctx context.Context, c *resource.Client) error {
			return c.Apply(ctx, policyPath+"/"+psp.BypassName, psp.Bypass().Document(), nil)
		}},
		{"ClusterRole " + bypassBinding, advice, func(ctx context.Context, c *resource.Client) error {
			return c.Apply(ctx, rbacPath+"/clusterroles/"+bypassBinding, bypassRole(), nil)
		}},
	} {
		if ok, err := a.write(ctx, &w); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}
