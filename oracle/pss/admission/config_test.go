package admission

import (
	"strings"
	"testing"

	theirs "k8s.io/pod-security-admission/admission"
	"k8s.io/pod-security-admission/admission/api/load"
	"k8s.io/pod-security-admission/admission/api/validation"
	"k8s.io/pod-security-admission/policy"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/pss"
)

const head = "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n"

// configurations are files, by what is remarkable in them.
var configurations = map[string]string{
	"nothing":                     "",
	"white space":                 " \n\t\n",
	"white space in YAML":         "  \n\n",
	"a comment":                   "# nothing\n",
	"empty YAML document":         "---\n",
	"a scalar":                    "hello",
	"a list":                      "- a\n- b\n",
	"JSON of another type":        `["a"]`,
	"an empty object":             `{}`,
	"only a kind":                 "kind: PodSecurityConfiguration\n",
	"only an apiVersion":          "apiVersion: pod-security.admission.config.k8s.io/v1\n",
	"just the type":               head,
	"v1beta1":                     strings.Replace(head, "/v1", "/v1beta1", 1),
	"v1alpha1":                    strings.Replace(head, "/v1", "/v1alpha1", 1) + "defaults:\n  enforce: baseline\n",
	"v2":                          strings.Replace(head, "/v1", "/v2", 1),
	"no group":                    "apiVersion: v1\nkind: PodSecurityConfiguration\n",
	"a group too many":            "apiVersion: a/b/c\nkind: PodSecurityConfiguration\n",
	"another kind":                "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: Other\n",
	"a wrapper of another group":  "apiVersion: example.com/v1\nkind: AdmissionConfiguration\nplugins: []\n",
	"numbers for the type":        "apiVersion: 1\nkind: 2\n",
	"all defaults":                head + "defaults: {enforce: baseline, enforce-version: v1.30, audit: restricted, audit-version: latest, warn: restricted, warn-version: v1.0}\n",
	"one bad level":               head + "defaults: {enforce: Baseline}\n",
	"one bad version":             head + "defaults: {warn-version: \"1.25\"}\n",
	"everything bad":              head + "defaults: {enforce: a, enforce-version: b, audit: c, audit-version: d, warn: e, warn-version: f}\n",
	"bad default and exemption":   head + "defaults: {enforce: a}\nexemptions: {namespaces: [\"*\"]}\n",
	"a number for a level":        head + "defaults: {enforce: 5}\n",
	"a version that is a float":   head + "defaults: {enforce-version: 1.25}\n",
	"a list for a level":          head + "defaults: {enforce: [a]}\n",
	"a string for the defaults":   head + "defaults: privileged\n",
	"a string for usernames":      head + "exemptions: {usernames: me}\n",
	"an unknown field":            head + "foo: bar\n",
	"an unknown field below":      head + "defaults: {enforced: baseline}\nexemptions: {groups: []}\n",
	"a field in another case":     head + "Defaults: {enforce: baseline}\n",
	"a key twice in YAML":         head + "defaults: {enforce: baseline, enforce: restricted}\n",
	"a key twice at the top":      head + "defaults: {}\ndefaults: {}\n",
	"a key twice in JSON":         `{"apiVersion":"pod-security.admission.config.k8s.io/v1","kind":"PodSecurityConfiguration","defaults":{"enforce":"baseline","enforce":"restricted"}}`,
	"broken JSON":                 `{"apiVersion":"pod-security.admission.config.k8s.io/v1",`,
	"JSON and more":               `{"apiVersion":"pod-security.admission.config.k8s.io/v1","kind":"PodSecurityConfiguration"} x`,
	"broken YAML":                 head + "defaults: {\n",
	"a tab in YAML":               head + "defaults:\n\tenforce: baseline\n",
	"nulls":                       head + "defaults: null\nexemptions: {usernames: null, namespaces: [null]}\n",
	"exemptions":                  head + "exemptions: {usernames: [a, \"system:b\", \"x y\"], namespaces: [kube-system, a-1], runtimeClasses: [kata, a.b]}\n",
	"exemptions twice":            head + "exemptions: {usernames: [a, a], namespaces: [n, m, n, n], runtimeClasses: [r, r]}\n",
	"exemptions without names":    head + "exemptions: {usernames: [\"\"], namespaces: [\"\"], runtimeClasses: [\"\"]}\n",
	"exemptions that never match": head + "exemptions: {usernames: [\"*\"], namespaces: [\"*\", a.b, A, -a, a-, \"a b\", a_b], runtimeClasses: [A, a..b, .a, a., \"é\"]}\n",
	"names of the longest length": head + "exemptions: {namespaces: [" + strings.Repeat("a", 63) + "], runtimeClasses: [" + strings.Repeat("a.", 126) + "b]}\n",
	"names that are too long":     head + "exemptions: {namespaces: [" + strings.Repeat("a", 64) + ", " + strings.Repeat("A", 64) + "], runtimeClasses: [" + strings.Repeat("a.", 127) + "b]}\n",
	"a namespace long and dotted": head + "exemptions: {namespaces: [" + strings.Repeat("a.", 40) + "b]}\n",
	"a byte order mark":           "\ufeff" + head,
	"JSON after white space":      "\n  {\"apiVersion\":\"pod-security.admission.config.k8s.io/v1\",\"kind\":\"PodSecurityConfiguration\"}\n",
}

// upstreamsConfig reads a configuration as the upstream webhook does.
func upstreamsConfig(t *testing.T, data string) (*theirs.Admission, error) {
	t.Helper()
	c, err := load.LoadFromData([]byte(data))
	if err != nil {
		return nil, err
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{}
	a := &theirs.Admission{
		Configuration: c, Evaluator: evaluator, Metrics: upstreamsRecorder{&recorder{}}, NamespaceGetter: w, PodLister: w,
	}
	if err := a.CompleteConfiguration(); err != nil {
		return nil, prefixed{"configuration error: ", err}
	}
	if err := a.ValidateConfiguration(); err != nil {
		return nil, prefixed{"invalid configuration: ", err}
	}
	return a, nil
}

type prefixed struct {
	prefix string
	err    error
}

func (p prefixed) Error() string { return p.prefix + p.err.Error() }

func TestConfigurationsAreReadAsUpstreamDoes(t *testing.T) {
	t.Parallel()
	for name, data := range configurations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, wantErr := upstreamsConfig(t, data)
			got, err := admission.ParseConfig([]byte(data), nil)
			if wantErr != nil || err != nil {
				compareErrors(t, err, wantErr)
				return
			}
			policy, errs := want.PolicyToEvaluate(nil)
			if ours := got.Defaults; len(errs) > 0 || ours.Enforce.String() != policy.Enforce.String() ||
				ours.Audit.String() != policy.Audit.String() || ours.Warn.String() != policy.Warn.String() {
				t.Errorf("defaults are %v, want %v", ours, policy)
			}
			e := want.Configuration.Exemptions
			if wantConfig := (admission.Config{
				Defaults: got.Defaults, Exemptions: admission.NewExemptions(e.Usernames, e.Namespaces, e.RuntimeClasses),
			}); !got.Equal(wantConfig) {
				t.Errorf("exemptions are %v, want %v", got.Exemptions, e)
			}
		})
	}
}

// compareErrors demands errors of both, with equal texts but for the names of
// upstream's scheme and Go package.
func compareErrors(t *testing.T, ours, upstreams error) {
	t.Helper()
	if ours == nil || upstreams == nil {
		t.Fatalf("error %v, upstream's is %v", ours, upstreams)
	}
	want, _, _ := strings.Cut(upstreams.Error(), " in scheme ")
	want = strings.ReplaceAll(want, "of type v1.", "of type admission.")
	if ours.Error() != want {
		t.Errorf("error is\n%s\nwant\n%s", ours, want)
	}
}

// Upstream validates the defaults a second time. That never finds what the
// first time did not.
func TestUpstreamsSecondValidationOfDefaultsFindsNothingNew(t *testing.T) {
	t.Parallel()
	for _, level := range append(pss.Levels(), 0) {
		for _, version := range []string{"latest", "v1.0", "v1.99", "1.0", ""} {
			data := head + "defaults: {enforce: " + level.String() + ", enforce-version: \"" + version + "\"}\n"
			c, err := load.LoadFromData([]byte(data))
			if err != nil {
				t.Fatal(err)
			}
			_, ours := admission.ParseConfig([]byte(data), nil)
			if second := validation.ValidatePodSecurityConfiguration(c); (len(second) > 0) != (ours != nil) {
				t.Errorf("%s: %v, upstream's second validation: %v", data, ours, second)
			}
		}
	}
}
