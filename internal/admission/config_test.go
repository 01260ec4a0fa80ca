package admission

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/pss"
)

const (
	configHead = "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n"
	wrapHead   = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n"
)

// files is a file system.
type files map[string]string

func (f files) read(name string) ([]byte, error) {
	if data, ok := f[name]; ok {
		return []byte(data), nil
	}
	return nil, fs.ErrNotExist
}

func TestLoadConfig(t *testing.T) {
	t.Parallel()
	baseline := DefaultConfig()
	baseline.Defaults.Enforce = pss.LevelVersion{Level: pss.Baseline, Version: pss.V1(30)}
	const defaults = "defaults: {enforce: baseline, enforce-version: v1.30}\n"
	inline := func(head string) string {
		return head + "plugins:\n- name: ImagePolicyWebhook\n  path: ip.yaml\n- name: PodSecurity\n  configuration:\n    " +
			strings.ReplaceAll(configHead+defaults, "\n", "\n    ") + "\n"
	}
	exempt := DefaultConfig()
	exempt.Exemptions = NewExemptions([]string{"a", "b c"}, []string{"kube-system"}, []string{"r.s"})
	in := files{
		"empty":            "",
		"plain":            configHead + defaults,
		"etc/wrapped":      wrapHead + "plugins:\n- name: PodSecurity\n  path: plain\n",
		"etc/plain":        configHead + defaults,
		"absolute":         wrapHead + "plugins:\n- name: PodSecurity\n  path: /srv/plain\n",
		"/srv/plain":       configHead + defaults,
		"inline":           inline(wrapHead),
		"inline alpha":     inline(strings.Replace(wrapHead, "/v1", "/v1alpha1", 1)),
		"inline JSON":      `{"apiVersion":"apiserver.config.k8s.io/v1","kind":"AdmissionConfiguration","plugins":[{"name":"PodSecurity","configuration":{"apiVersion":"pod-security.admission.config.k8s.io/v1","kind":"PodSecurityConfiguration","defaults":{"enforce":"baseline","enforce-version":"v1.30"}}}]}`,
		"inline before":    inline(wrapHead) + "  path: nowhere\n",
		"other plugins":    wrapHead + "plugins:\n- name: EventRateLimit\n  path: x\n",
		"no plugins":       wrapHead,
		"plugin bare":      wrapHead + "plugins:\n- name: PodSecurity\n",
		"plugin null":      wrapHead + "plugins:\n- name: PodSecurity\n  configuration: null\n",
		"wrapped empty":    wrapHead + "plugins:\n- name: PodSecurity\n  path: empty\n",
		"exemptions":       configHead + "exemptions: {usernames: [a, \"b c\"], namespaces: [kube-system], runtimeClasses: [r.s]}\n",
		"wrapped missing":  wrapHead + "plugins:\n- name: PodSecurity\n  path: nowhere\n",
		"wrapped twice":    wrapHead + "plugins:\n- name: PodSecurity\n  path: no plugins\n",
		"wrapper unknown":  wrapHead + "plugin: []\n",
		"wrapper v2":       strings.Replace(wrapHead, "/v1", "/v2", 1),
		"wrapper twice":    wrapHead + "plugins: []\nplugins: []\n",
		"inline untyped":   wrapHead + "plugins:\n- name: PodSecurity\n  configuration: {defaults: {enforce: baseline}}\n",
		"inline strict":    wrapHead + "plugins:\n- name: PodSecurity\n  configuration: {apiVersion: pod-security.admission.config.k8s.io/v1, kind: PodSecurityConfiguration, foo: 1}\n",
		"white space":      "\n",
		"bad default":      configHead + "defaults: {enforce: strict}\n",
		"bad defaults":     configHead + "defaults: {warn-version: x, enforce: strict}\n",
		"bad namespace":    configHead + "exemptions: {namespaces: [\"kube-*\"]}\n",
		"bad username":     configHead + "exemptions: {usernames: [\"\"]}\n",
		"twice":            configHead + "exemptions: {usernames: [a, a], runtimeClasses: [r, r]}\n",
		"internal version": strings.Replace(configHead, "/v1", "/__internal", 1),
	}
	tests := []struct {
		file, fault string
		want        Config
	}{
		{"", "", DefaultConfig()},
		{"empty", "", DefaultConfig()},
		{"plain", "", baseline},
		{"etc/wrapped", "", baseline},
		{"absolute", "", baseline},
		{"inline", "", baseline},
		{"inline alpha", "", baseline},
		{"inline JSON", "", baseline},
		{"inline before", "", baseline},
		{"other plugins", "", DefaultConfig()},
		{"no plugins", "", DefaultConfig()},
		{"plugin bare", "", DefaultConfig()},
		{"plugin null", "", DefaultConfig()},
		{"wrapped empty", "", DefaultConfig()},
		{"exemptions", "", exempt},
		{"nowhere", "reading the configuration: file does not exist", Config{}},
		{"wrapped missing", "wrapped missing: reading the configuration of plugin PodSecurity: file does not exist", Config{}},
		{"wrapped twice", `wrapped twice: no kind "AdmissionConfiguration" is registered for version "apiserver.config.k8s.io/v1"`, Config{}},
		{"wrapper unknown", `wrapper unknown: strict decoding error: unknown field "plugin"`, Config{}},
		{"wrapper v2", `wrapper v2: no kind "AdmissionConfiguration" is registered for version "apiserver.config.k8s.io/v2"`, Config{}},
		{"wrapper twice", "wrapper twice: strict decoding error: yaml: unmarshal errors:\n  line 4: key \"plugins\" already set in map", Config{}},
		{"inline untyped", `inline untyped: Object 'Kind' is missing in '{"defaults":{"enforce":"baseline"}}'`, Config{}},
		{"inline strict", `inline strict: strict decoding error: unknown field "foo"`, Config{}},
		{"white space", "white space: Object 'Kind' is missing in '\n'", Config{}},
		{"bad default", "bad default: configuration error: enforce: must be one of privileged, baseline, restricted", Config{}},
		{"bad defaults", `bad defaults: configuration error: [enforce: must be one of privileged, baseline, restricted, warn-version: must be "latest" or "v1.x"]`, Config{}},
		{"bad namespace", `bad namespace: invalid configuration: exemptions.namespaces[0]: Invalid value: "kube-*": ` + labelFault, Config{}},
		{"bad username", `bad username: invalid configuration: exemptions.usernames[0]: Invalid value: "": username must not be empty`, Config{}},
		{"twice", `twice: invalid configuration: [exemptions.runtimeClasses[1]: Duplicate value: "r", exemptions.usernames[1]: Duplicate value: "a"]`, Config{}},
		{"internal version", `internal version: no kind "PodSecurityConfiguration" is registered for version "pod-security.admission.config.k8s.io/__internal"`, Config{}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			got, empty, err := LoadConfig(tt.file, in.read)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != tt.fault {
				t.Fatalf("error is %q, want %q", text, tt.fault)
			}
			if !got.Equal(tt.want) {
				t.Errorf("configuration is %+v, want %+v", got, tt.want)
			}
			want := map[string]string{
				"empty": "empty", "wrapped empty": "empty",
				"other plugins": tt.file, "no plugins": tt.file, "plugin bare": tt.file, "plugin null": tt.file,
			}[tt.file]
			if empty != want {
				t.Errorf("the file that says nothing is %q, want %q", empty, want)
			}
		})
	}
}

func TestLoadConfigKeepsTheReason(t *testing.T) {
	t.Parallel()
	if _, _, err := LoadConfig("nowhere", files{}.read); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}

func TestParseConfigWithoutFiles(t *testing.T) {
	t.Parallel()
	_, err := ParseConfig([]byte(wrapHead+"plugins:\n- name: PodSecurity\n  path: a\n"), nil)
	if want := `the configuration of plugin PodSecurity is in another file, "a"`; err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

func TestExemptionsMatchExactly(t *testing.T) {
	t.Parallel()
	e := NewExemptions([]string{"u", ""}, []string{"n", ""}, []string{"r", ""})
	for name, want := range map[string]bool{"": false, "u": true, "U": false, "uu": false, "n": false} {
		if e.Username(name) != want {
			t.Errorf("user %q is exempt: %t", name, !want)
		}
	}
	if !e.Namespace("n") || e.Namespace("") || e.Namespace("u") {
		t.Error("namespaces do not match exactly")
	}
	if !e.RuntimeClass("r") || e.RuntimeClass("") || e.RuntimeClass("u") {
		t.Error("runtime classes do not match exactly")
	}
	if (Exemptions{}).Namespace("n") || (Exemptions{}).Username("") {
		t.Error("the zero Exemptions exempt something")
	}
}

func TestConfigsAreEqualByContent(t *testing.T) {
	t.Parallel()
	a := Config{Defaults: pss.DefaultPolicy(), Exemptions: NewExemptions([]string{"a", "b"}, nil, nil)}
	b := Config{Defaults: pss.DefaultPolicy(), Exemptions: NewExemptions([]string{"b", "a"}, []string{}, nil)}
	if !a.Equal(b) {
		t.Error("equal configurations differ")
	}
	for _, change := range []func(*Config){
		func(c *Config) { c.Defaults.Warn.Level = pss.Baseline },
		func(c *Config) { c.Exemptions = NewExemptions([]string{"a"}, nil, nil) },
		func(c *Config) { c.Exemptions = NewExemptions([]string{"a", "b"}, []string{"n"}, nil) },
		func(c *Config) { c.Exemptions = NewExemptions([]string{"a", "b"}, nil, []string{"r"}) },
	} {
		c := a
		change(&c)
		if c.Equal(a) {
			t.Errorf("%+v equals %+v", c, a)
		}
	}
}
