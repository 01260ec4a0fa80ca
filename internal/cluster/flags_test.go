package cluster

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
)

// configured returns what the flags and the environment mean.
func configured(t *testing.T, env map[string]string, args ...string) (*rest.Config, error) {
	t.Helper()
	var f Flags
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	f.Bind(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return f.Config(func(key string) string { return env[key] }, "v1")
}

func TestFlagsMeanWhatTheyMeanToKubectl(t *testing.T) {
	t.Parallel()
	path := kubeconfigFile(t, strings.ReplaceAll(kubeconfig, ", certificate-authority: ca.crt", ""))
	for _, tt := range []struct {
		name string
		env  map[string]string
		args []string
		want rest.Config
	}{
		{"the kubeconfig of the environment", map[string]string{"KUBECONFIG": path}, nil, rest.Config{Host: "https://here:6443", BearerToken: "secret"}},
		{"one that is named", map[string]string{"KUBECONFIG": "none"}, []string{"--kubeconfig=" + path}, rest.Config{Host: "https://here:6443", BearerToken: "secret"}},
		{"another context", nil, []string{"--kubeconfig=" + path, "--context=d"}, rest.Config{Host: "https://there:6443", BearerToken: "secret"}},
		{"another cluster", nil, []string{"--kubeconfig=" + path, "--cluster=there"}, rest.Config{Host: "https://there:6443", BearerToken: "secret"}},
		{"another address", nil, []string{"--kubeconfig=" + path, "-s", "https://x"}, rest.Config{Host: "https://x", BearerToken: "secret"}},
		{"another token", nil, []string{"--kubeconfig=" + path, "--token=other"}, rest.Config{Host: "https://here:6443", BearerToken: "other"}},
		{"an address alone", nil, []string{"--api-server=https://x", "--token=t"}, rest.Config{Host: "https://x", BearerToken: "t"}},
		{
			"somebody else", nil,
			[]string{"--kubeconfig=" + path, "--as=bob", "--as-uid=7", "--as-group=a", "--as-group=b", "--as-user-extra=k=v", "--as-user-extra=k=w"},
			rest.Config{Host: "https://here:6443", BearerToken: "secret", Impersonate: rest.ImpersonationConfig{
				UserName: "bob", UID: "7", Groups: []string{"a", "b"}, Extra: map[string][]string{"k": {"v", "w"}},
			}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := configured(t, tt.env, tt.args...)
			if err != nil {
				t.Fatal(err)
			}
			short := rest.Config{Host: got.Host, BearerToken: got.BearerToken, Impersonate: got.Impersonate}
			if got.BearerTokenFile != "" || got.UserAgent != "gabion/v1" {
				t.Errorf("got token file %q, user agent %q", got.BearerTokenFile, got.UserAgent)
			}
			if diff := cmp.Diff(tt.want.Host, short.Host) + cmp.Diff(tt.want.BearerToken, short.BearerToken) + cmp.Diff(tt.want.Impersonate, short.Impersonate); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

func TestATokenByFlagWinsOverTheKubeconfigsFile(t *testing.T) {
	t.Parallel()
	path := kubeconfigFile(t, strings.NewReplacer("token: secret", "tokenFile: none", ", certificate-authority: ca.crt", "").Replace(kubeconfig))
	got, err := configured(t, nil, "--kubeconfig="+path, "--token=other")
	if err != nil {
		t.Fatal(err)
	}
	if got.BearerToken != "other" || got.BearerTokenFile != "" {
		t.Errorf("got token %q, file %q", got.BearerToken, got.BearerTokenFile)
	}
}

func TestFlagsThatMakeNoSenseAreErrors(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	path := kubeconfigFile(t, kubeconfig)
	if _, err := configured(t, nil); !errors.Is(err, ErrNoKubeconfig) {
		t.Errorf("nothing at all: %v", err)
	}
	for name, args := range map[string][]string{
		"no such file":    {"--kubeconfig=none"},
		"no such context": {"--kubeconfig=" + path, "--context=x"},
		"no such cluster": {"--kubeconfig=" + path, "--cluster=x"},
		"extra":           {"--kubeconfig=" + path, "--as=a", "--as-user-extra=x"},
		"timeout":         {"--kubeconfig=" + path, "--request-timeout=x"},
	} {
		if got, err := configured(t, nil, args...); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
}
