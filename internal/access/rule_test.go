package access

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
)

func rule(groups, resources, verbs []string, names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: groups, Resources: resources, Verbs: verbs, ResourceNames: names}
}

func words(w ...string) []string { return w }

func TestARuleGivesWhatTheAuthorizerSaysItGives(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rules                 []rbacv1.PolicyRule
		verb, group, resource string
		want                  reach
	}{
		"what it lists":                           {[]rbacv1.PolicyRule{rule(words("apps"), words("deployments"), words("create"))}, "create", "apps", "deployments", reach{any: true}},
		"no other verb":                           {[]rbacv1.PolicyRule{rule(words("apps"), words("deployments"), words("get", "update"))}, "patch", "apps", "deployments", reach{}},
		"no other group":                          {[]rbacv1.PolicyRule{rule(words("apps"), words("pods"), words("create"))}, "create", "", "pods", reach{}},
		"the core group only if it is listed":     {[]rbacv1.PolicyRule{rule(nil, words("pods"), words("create"))}, "create", "", "pods", reach{}},
		"any verb by an asterisk":                 {[]rbacv1.PolicyRule{rule(words(""), words("pods"), words("*"))}, "create", "", "pods", reach{any: true}},
		"any group by an asterisk":                {[]rbacv1.PolicyRule{rule(words("*"), words("pods"), words("create"))}, "create", "", "pods", reach{any: true}},
		"any subresource by an asterisk":          {[]rbacv1.PolicyRule{rule(words(""), words("*"), words("update"))}, "update", "", "namespaces/finalize", reach{any: true}},
		"a subresource of any resource":           {[]rbacv1.PolicyRule{rule(words(""), words("*/status"), words("patch"))}, "patch", "", "namespaces/status", reach{any: true}},
		"no resource by a subresource of any":     {[]rbacv1.PolicyRule{rule(words(""), words("*/status"), words("patch"))}, "patch", "", "namespaces", reach{}},
		"no subresource by its resource":          {[]rbacv1.PolicyRule{rule(words(""), words("namespaces"), words("patch"))}, "patch", "", "namespaces/status", reach{}},
		"no resource by its subresource":          {[]rbacv1.PolicyRule{rule(words(""), words("namespaces/status"), words("patch"))}, "patch", "", "namespaces", reach{}},
		"no subresource by all of a resource":     {[]rbacv1.PolicyRule{rule(words(""), words("namespaces/*"), words("patch"))}, "patch", "", "namespaces/status", reach{}},
		"no verb in part":                         {[]rbacv1.PolicyRule{rule(words(""), words("pods"), words("cre*"))}, "create", "", "pods", reach{}},
		"no resource in part":                     {[]rbacv1.PolicyRule{rule(words(""), words("pod*"), words("create"))}, "create", "", "pods", reach{}},
		"an object by name":                       {[]rbacv1.PolicyRule{rule(words(""), words("namespaces"), words("patch"), "b", "a")}, "patch", "", "namespaces", reach{names: words("a", "b")}},
		"names of several rules, each once":       {[]rbacv1.PolicyRule{rule(words(""), words("namespaces"), words("patch"), "b"), rule(words("*"), words("*"), words("*"), "b", "a")}, "patch", "", "namespaces", reach{names: words("a", "b")}},
		"all if one rule does":                    {[]rbacv1.PolicyRule{rule(words(""), words("namespaces"), words("patch"), "b"), rule(words("*"), words("*"), words("*"))}, "patch", "", "namespaces", reach{any: true}},
		"create by name, for server-side apply":   {[]rbacv1.PolicyRule{rule(words(""), words("pods"), words("create"), "a")}, "create", "", "pods", reach{names: words("a")}},
		"no deletion of a collection by name":     {[]rbacv1.PolicyRule{rule(words(""), words("pods"), words("*"), "a")}, "deletecollection", "", "pods", reach{}},
		"no name with an asterisk that means any": {[]rbacv1.PolicyRule{rule(words(""), words("pods"), words("patch"), "*")}, "patch", "", "pods", reach{names: words("*")}},
		"nothing by URLs":                         {[]rbacv1.PolicyRule{{NonResourceURLs: words("*"), Verbs: words("*")}}, "create", "", "pods", reach{}},
		"nothing by no rule":                      {nil, "create", "", "pods", reach{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := reachOf(tt.rules, tt.verb, tt.group, tt.resource)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(reach{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
