package access

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
)

func TestASubjectIsWhomTheAuthorizerTakesItFor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		subject   rbacv1.Subject
		namespace string
		want      Subject
		nobody    bool
	}{
		"a user":                                     {subject: rbacv1.Subject{Kind: "User", Name: "ann"}, want: userOf("ann")},
		"a group":                                    {subject: rbacv1.Subject{Kind: "Group", Name: "ops"}, namespace: "shop", want: groupOf("ops")},
		"an account of another namespace":            {subject: rbacv1.Subject{Kind: "ServiceAccount", Namespace: "ci", Name: "bot"}, namespace: "shop", want: account("ci", "bot")},
		"an account of the binding's namespace":      {subject: rbacv1.Subject{Kind: "ServiceAccount", Name: "bot"}, namespace: "shop", want: account("shop", "bot")},
		"no account without a namespace":             {subject: rbacv1.Subject{Kind: "ServiceAccount", Name: "bot"}, nobody: true},
		"the account that a user is":                 {subject: rbacv1.Subject{Kind: "User", Name: "system:serviceaccount:ci:bot"}, want: account("ci", "bot")},
		"a user who only looks like an account":      {subject: rbacv1.Subject{Kind: "User", Name: "system:serviceaccount:ci"}, want: userOf("system:serviceaccount:ci")},
		"a user whose name has a colon":              {subject: rbacv1.Subject{Kind: "User", Name: "ci:bot"}, want: userOf("ci:bot")},
		"nobody of a kind that there is not":         {subject: rbacv1.Subject{Kind: "Robot", Name: "bot"}, nobody: true},
		"whatever group of the API the subject says": {subject: rbacv1.Subject{Kind: "User", APIGroup: "x", Name: "ann"}, want: userOf("ann")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := subjectOf(tt.subject, tt.namespace)
			if ok == tt.nobody || ok && got != tt.want {
				t.Errorf("got %+v, %t", got, ok)
			}
		})
	}
}

func TestOnlyComponentsOfKubernetesAreTheSystem(t *testing.T) {
	t.Parallel()
	for subject, want := range map[Subject]bool{
		userOf("system:kube-scheduler"):               true,
		groupOf("system:masters"):                     true,
		groupOf("system:nodes"):                       true,
		groupOf("system:serviceaccounts:kube-system"): true,
		account("kube-system", "x"):                   true,

		userOf("ann"):                               false,
		groupOf("systems"):                          false,
		groupOf("system:authenticated"):             false,
		groupOf("system:unauthenticated"):           false,
		groupOf("system:serviceaccounts"):           false,
		groupOf("system:serviceaccounts:shop"):      false,
		userOf("system:anonymous"):                  false,
		account("shop", "system:x"):                 false,
		account("kube-system-2", "x"):               false,
		userOf("system:serviceaccount:kube-system"): false,
	} {
		if got := subject.System(); got != want {
			t.Errorf("%+v: %t", subject, got)
		}
	}
}
