package registration

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

func TestCustomResourcesOfOneGroupAndVersionsShareARule(t *testing.T) {
	t.Parallel()
	resources := []CustomResource{
		{"b.io", "ones", []string{"v1"}}, {"a.io", "twos", []string{"v2", "v1"}}, {"b.io", "alls", []string{"v1"}}, {"a.io", "threes", []string{"v1"}},
	}
	text := func() string {
		text, err := json.Marshal(NewCustom(7, resources))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const operations = `"operations":["CREATE","UPDATE"],`
	const scope = `"scope":"Namespaced"}`
	want := `{"Version":7,"Rules":[` +
		`{` + operations + `"apiGroups":["a.io"],"apiVersions":["v1"],"resources":["threes"],` + scope + `,` +
		`{` + operations + `"apiGroups":["a.io"],"apiVersions":["v1","v2"],"resources":["twos"],` + scope + `,` +
		`{` + operations + `"apiGroups":["b.io"],"apiVersions":["v1"],"resources":["alls","ones"],` + scope + `]}`
	if got := text(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	slices.Reverse(resources)
	if got := text(); got != want {
		t.Errorf("in another order: %s", got)
	}
}

func TestRulesForCustomResourcesAreAdvisoryAndRead(t *testing.T) {
	t.Parallel()
	custom := NewCustom(7, []CustomResource{{"b.io", "ones", []string{"v1"}}, {"a.io", "twos", []string{"v1"}}})
	c := Configuration(Target{URL: "u", Custom: custom}, []byte("CA"))
	bare := Configuration(Target{URL: "u"}, []byte("CA"))
	if diff := cmp.Diff([]string{AdvisoryWebhook + ": rules"}, differences(c, bare)); diff != "" {
		t.Error(diff)
	}
	if *c.Webhooks[2].FailurePolicy != admissionregistrationv1.Ignore {
		t.Errorf("the failure policy is %s", *c.Webhooks[2].FailurePolicy)
	}
	if diff := cmp.Diff(custom, customOf(c)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Custom{}, customOf(bare)); diff != "" {
		t.Error(diff)
	}
}

func TestTheLatestCustomResourcesCount(t *testing.T) {
	t.Parallel()
	one, two := []CustomResource{{"a.io", "ones", []string{"v1"}}}, []CustomResource{{"a.io", "ones", []string{"v1"}}, {"a.io", "twos", []string{"v1"}}}
	for _, tt := range []struct {
		name        string
		less, wants Custom
	}{
		{"nothing is known", Custom{}, Custom{}},
		{"something is", Custom{}, NewCustom(1, one)},
		{"it became none", NewCustom(1, one), NewCustom(2, nil)},
		{"it became less", NewCustom(1, two), NewCustom(2, one)},
		{"another release finds more in the same version", NewCustom(3, one), NewCustom(3, two)},
	} {
		for _, got := range []Custom{newer(tt.less, tt.wants), newer(tt.wants, tt.less)} {
			if diff := cmp.Diff(tt.wants, got); diff != "" {
				t.Errorf("%s: %s", tt.name, diff)
			}
		}
	}
}

// A server that knows less than what another one has stored wants just that; but not
// what somebody without the key has made of it.
func TestAServerThatIsBehindLeavesTheRules(t *testing.T) {
	t.Parallel()
	key := []byte("key")
	behind := NewCustom(5, []CustomResource{{"a.io", "ones", []string{"v1"}}})
	ahead := NewCustom(6, []CustomResource{{"a.io", "ones", []string{"v1"}}, {"a.io", "twos", []string{"v1"}}})
	later := NewCustom(7, nil)
	stored := Configuration(Target{URL: "u", Custom: ahead}, []byte("CA"))
	seal(stored, 3, key)
	tampered := stored.DeepCopy()
	tampered.Annotations[customAnnotation] = "9"
	for _, tt := range []struct {
		name      string
		have      *admissionregistrationv1.ValidatingWebhookConfiguration
		own, want Custom
	}{
		{"there is nothing", nil, behind, behind},
		{"it is behind", stored, behind, ahead},
		{"it knows nothing yet", stored, Custom{}, ahead},
		{"it is ahead", stored, later, later},
		{"somebody has changed the version", tampered, behind, behind},
	} {
		own := tt.own
		k := NewKeeper(nil, Options{
			Target: Target{URL: "u"}, Key: func() []byte { return key }, Custom: func() Custom { return own },
		})
		if diff := cmp.Diff(tt.want, k.target(tt.have).Custom); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		own = Custom{}
		if diff := cmp.Diff(tt.want, k.target(tampered).Custom); diff != "" {
			t.Errorf("%s, and then everything changes: %s", tt.name, diff)
		}
	}
}

func TestRulesOfAServerThatKnewLessAreNoDrift(t *testing.T) {
	t.Parallel()
	k := &Keeper{generation: 3}
	rules := AdvisoryWebhook + ": rules"
	for _, tt := range []struct {
		name   string
		stored uint64
		wrong  []string
		want   bool
	}{
		{"another server's", 3, []string{rules}, true},
		{"somebody else's", 0, []string{rules}, false},
		{"one with other flags", 4, []string{rules}, false},
		{"more than the rules", 3, []string{rules, EnforceWebhook + ": clientConfig"}, false},
		{"not the rules", 3, []string{EnforceWebhook + ": clientConfig"}, false},
	} {
		if got := k.outdated(tt.stored, tt.wrong); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
	if (&Keeper{}).outdated(0, []string{rules}) {
		t.Error("before the first write, what was changed by hand is no drift")
	}
}
