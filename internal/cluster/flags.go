package cluster

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	_ "k8s.io/client-go/plugin/pkg/client/auth/oidc" // what kubeconfigs may name beside exec plugins
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Flags say which API server is meant and who asks it, in the words of kubectl.
// The zero Flags mean what kubectl means without any.
//
// They are client-go's own, to which cli-runtime's ConfigFlags add little that
// is of use here, and a third of the time that a small check takes.
type Flags struct {
	kubeconfig string
	extras     []string
	overrides  clientcmd.ConfigOverrides
}

// Bind defines the flags. kubectl's --server is called --api-server, because
// some commands have a --server that means something else; -s is the same.
func (f *Flags) Bind(fs *pflag.FlagSet) {
	names := clientcmd.RecommendedConfigOverrideFlags("")
	for flag, usage := range map[*clientcmd.FlagInfo]string{
		&names.CurrentContext:                             "the `NAME` of the context in the kubeconfig",
		&names.ContextOverrideFlags.ClusterName:           "the `NAME` of the cluster in the kubeconfig",
		&names.ContextOverrideFlags.AuthInfoName:          "the `NAME` of the user in the kubeconfig",
		&names.AuthOverrideFlags.Impersonate:              "the `USER` to act as",
		&names.AuthOverrideFlags.ImpersonateGroups:        "the `GROUP` to act as; may be repeated",
		&names.AuthOverrideFlags.ImpersonateUID:           "the `UID` to act as",
		&names.AuthOverrideFlags.Token:                    "the bearer `TOKEN` to show the API server",
		&names.AuthOverrideFlags.ClientCertificate:        "the `FILE` with the certificate to show the API server",
		&names.AuthOverrideFlags.ClientKey:                "the `FILE` with that certificate's key",
		&names.ClusterOverrideFlags.APIServer:             "the `ADDRESS` of the API server; kubectl calls it --server",
		&names.ClusterOverrideFlags.CertificateAuthority:  "the `FILE` with the certificates that vouch for the API server's",
		&names.ClusterOverrideFlags.TLSServerName:         "the `NAME` that the API server's certificate must have",
		&names.ClusterOverrideFlags.InsecureSkipTLSVerify: "trust whatever answers at the address: anybody may listen in",
		&names.ClusterOverrideFlags.ProxyURL:              "the `URL` of a proxy to go through",
		&names.ClusterOverrideFlags.DisableCompression:    "ask the API server not to compress what it sends",
		&names.Timeout: "the `DURATION` that one request may take, such as 30s; 0 for as long as it needs",
	} {
		flag.Description = usage
	}
	names.ClusterOverrideFlags.APIServer.LongName, names.ClusterOverrideFlags.APIServer.ShortName = "api-server", "s"
	names.ContextOverrideFlags.Namespace.LongName = "" // commands have their own
	names.AuthOverrideFlags.Username.LongName, names.AuthOverrideFlags.Password.LongName = "", ""
	fs.StringVar(&f.kubeconfig, "kubeconfig", "", "the `FILE` that says where the API server is (default as for kubectl)")
	clientcmd.BindOverrideFlags(&f.overrides, fs, names)
	fs.StringArrayVar(&f.extras, "as-user-extra", nil, "more about the user to act as, in the form `KEY=VALUE`; may be repeated")
}

// ErrNoKubeconfig says that nothing tells where an API server is.
var ErrNoKubeconfig = errors.New("there is no kubeconfig: name one with --kubeconfig")

// Config returns how the API server is reached. Nothing is sent to it yet.
// getenv reads the environment; version is the program's own, which API servers
// see in their logs.
func (f *Flags) Config(getenv func(string) string, version string) (*rest.Config, error) {
	overrides := f.overrides
	extras, err := f.userExtra()
	if err != nil {
		return nil, err
	}
	overrides.AuthInfo.ImpersonateUserExtra = extras
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(f.rules(getenv), &overrides)
	raw, err := loader.RawConfig()
	if errors.Is(err, os.ErrNotExist) && f.kubeconfig != "" {
		return nil, fmt.Errorf("kubeconfig %s: no such file", f.kubeconfig)
	}
	if err != nil {
		return nil, err
	}
	if len(raw.Clusters) == 0 && f.kubeconfig == "" && overrides.CurrentContext == "" && overrides.ClusterInfo.Server == "" {
		config, err := Connect(ConnectOptions{Version: version})
		if err != nil {
			return nil, ErrNoKubeconfig
		}
		return config, nil
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, err
	}
	if overrides.AuthInfo.Token != "" {
		config.BearerTokenFile = "" // of the kubeconfig, and it would win
	}
	config.UserAgent = "gabion/" + version
	config.QPS, config.Burst = queriesPerSecond, queriesAtOnce
	return config, nil
}

// rules say where kubeconfigs are.
func (f *Flags) rules(getenv func(string) string) *clientcmd.ClientConfigLoadingRules {
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: f.kubeconfig}
	if list := getenv("KUBECONFIG"); list != "" {
		rules.Precedence = filepath.SplitList(list)
	} else if home := getenv("HOME"); home != "" {
		rules.Precedence = []string{filepath.Join(home, ".kube", "config")}
	}
	return rules
}

// Named are the names in a kubeconfig, each list sorted.
type Named struct{ Contexts, Clusters, Users []string }

// Named returns what the flags --context, --cluster and --user can name.
func (f *Flags) Named(getenv func(string) string) (Named, error) {
	raw, err := f.rules(getenv).Load()
	if err != nil {
		return Named{}, err
	}
	return Named{
		slices.Sorted(maps.Keys(raw.Contexts)), slices.Sorted(maps.Keys(raw.Clusters)), slices.Sorted(maps.Keys(raw.AuthInfos)),
	}, nil
}

// userExtra reads the flags --as-user-extra.
func (f *Flags) userExtra() (map[string][]string, error) {
	var all map[string][]string
	for _, text := range f.extras {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--as-user-extra=%s must be KEY=VALUE", text)
		}
		if all == nil {
			all = map[string][]string{}
		}
		if !slices.Contains(all[key], value) {
			all[key] = append(all[key], value)
		}
	}
	return all, nil
}
