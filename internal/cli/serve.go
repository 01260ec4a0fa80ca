package cli

import (
	"context"
	"log/slog"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/logging"
	"github.com/gabion-security/gabion/internal/metrics"
	"github.com/gabion-security/gabion/internal/server"
	"github.com/gabion-security/gabion/internal/webhook"
)

type serveOptions struct {
	system *System

	kubeconfig    string
	config        string
	policyDir     string
	noObjects     bool
	listen        string
	metricsListen string
	files         webhook.CredentialFiles
	secret        parsed[namespacedName]
	maxBodyBytes  int64
	registration  registrationOptions
	logFormat     string
	verbose       bool
}

// newServe returns `gabion serve`.
func newServe(s *System) *cobra.Command {
	o := serveOptions{
		system: s, logFormat: "text",
		secret:       parsed[namespacedName]{parse: parseNamespacedName, name: "NAMESPACE/NAME"},
		registration: registrationOptions{service: serviceFlag()},
	}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Enforce Pod Security in a cluster, as an admission webhook",
		Long: `Answer the API server's admission reviews as its own PodSecurity plugin would, for
Kubernetes 1.28 and newer. What latest means is the API server's own version.

With --register, the ValidatingWebhookConfiguration by which the API server asks
is written once this program can answer, and kept as it should be; 'gabion
unregister' removes it, the end of this program does not. Pods of excluded
namespaces are not judged, so that they can start with every replica down. The rules
for custom resources with pods follow their CustomResourceDefinitions. While a guard
has labels for new namespaces, there is a MutatingWebhookConfiguration too.

PodSecurityGuards say which namespaces must not be weakened by a change of their
labels, but by who has the right to 'weaken' them; what pods have to meet beside
labels, such as a PodSecurityProfile; and whether workloads whose pods would be
refused are warned about or refused. What PodSecurityExceptions cover is left out of
verdicts, until they end. All come from the cluster's own objects, where
'gabion install --crds-only' has defined them, and from the files of --policy-dir.

Configuration, policies and certificates are read again when their files or objects
change. What cannot be used is logged, and the old ones stay; but exceptions that
cannot be read are none. Guards stay when their definition is deleted, until this
program starts anew.`,
		Example: `  # Outside of the cluster, with a certificate for the name it is reached by
  gabion serve --kubeconfig=admin.conf --listen=10.0.0.7:9443 --register \
    --tls-cert-file=tls.crt --tls-private-key-file=tls.key

  # Inside; 'gabion install' prints everything that this needs
  gabion serve --listen=:9443 --register --register-service=gabion-system/gabion:443`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := noArgs(cmd, args); err != nil {
				return err
			}
			return o.complete(cmd.Flags())
		},
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	o.flags(cmd)
	return cmd
}

func (o *serveOptions) flags(cmd *cobra.Command) {
	flagGroup(cmd, "Cluster", func(fs *pflag.FlagSet) {
		fs.StringVar(&o.kubeconfig, "kubeconfig", "", "the `FILE` that says where the API server is; else the cluster it runs in")
		fs.StringVar(&o.config, "config", "", "the `FILE` with a PodSecurityConfiguration; else everything is privileged by default")
		fs.StringVar(&o.policyDir, "policy-dir", "", "the `FOLDER` with PodSecurityGuards, PodSecurityProfiles and PodSecurityExceptions, in files of YAML or JSON")
		fs.BoolVar(&o.noObjects, "no-policy-objects", false, "leave out those that are objects of the cluster")
	})
	flagGroup(cmd, "Serving", func(fs *pflag.FlagSet) {
		fs.StringVar(&o.listen, "listen", "127.0.0.1:9443", "the `ADDRESS` for admission reviews, over TLS")
		fs.StringVar(&o.metricsListen, "metrics-listen", "127.0.0.1:9080", "the `ADDRESS` for /healthz, /readyz and /metrics, over HTTP")
		fs.StringVar(&o.files.Certificate, "tls-cert-file", "", "the `FILE` with the certificate to serve with, in PEM")
		fs.StringVar(&o.files.Key, "tls-private-key-file", "", "the `FILE` with its private key, in PEM")
		fs.Var(&o.secret, "tls-secret",
			"without files: the Secret with a certificate that is made and rotated by itself (default gabion-tls beside the Service)")
		fs.StringVar(&o.files.ClientCAs, "client-ca-file", "", "the `FILE` with CAs; clients must show a certificate signed by one")
		fs.Int64Var(&o.maxBodyBytes, "max-body-bytes", webhook.DefaultMaxBodyBytes, "how many `BYTES` an admission review may have")
	})
	o.registration.flags(cmd)
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) {
		fs.Var(&choice{to: &o.logFormat, values: []string{"text", "json"}}, "log-format", "how log lines are written: text, json")
		fs.BoolVarP(&o.verbose, "verbose", "v", false, "log more")
	})
	complete(cmd, map[string][]string{"log-format": {"text", "json"}})
}

// complete finds faults of the command line before anything is read.
func (o *serveOptions) complete(fs *pflag.FlagSet) error {
	for _, name := range []string{"listen", "metrics-listen"} {
		if _, err := hostOf(fs.Lookup(name).Value.String()); err != nil {
			return usagef("--%s: %s", name, err)
		}
	}
	files := o.files.Certificate != ""
	switch {
	case files != (o.files.Key != ""):
		return usagef("--tls-cert-file and --tls-private-key-file belong together")
	case files && o.secret.set:
		return usagef("--tls-cert-file and --tls-secret exclude each other")
	case !files && !o.secret.set && !o.registration.service.set:
		return usagef("there is nothing to serve TLS with: give --tls-cert-file and --tls-private-key-file, or --tls-secret")
	case o.maxBodyBytes <= 0:
		return usagef("--max-body-bytes must be more than 0")
	}
	return o.registration.complete(fs, o.listen, files)
}

func (o *serveOptions) run() error {
	ctx, stop := o.system.carefully(context.Background())
	defer stop()
	lines := logging.NewLines(o.system.Stderr)
	defer lines.Flush()
	options, err := o.options(o.log(lines))
	if err != nil {
		return err
	}
	return server.Run(ctx, options)
}

// options are what to serve.
func (o *serveOptions) options(log *slog.Logger) (server.Options, error) {
	build, _ := debug.ReadBuildInfo()
	v := versionOf(o.system.Version, build)
	secret, err := o.secretOptions()
	if err != nil {
		return server.Options{}, err
	}
	return server.Options{
		Kubeconfig: o.kubeconfig, ConfigFile: o.config, PolicyDir: o.policyDir, NoPolicyObjects: o.noObjects,
		Listen: o.listen, MetricsListen: o.metricsListen,
		CredentialFiles: o.files, Secret: secret, MaxBodyBytes: o.maxBodyBytes,
		Register: o.registration.register, Target: o.registration.target(), RegisterCAFile: o.registration.caFile,
		DrainDelay: o.registration.drainDelay(),
		Log:        log,
		Build:      metrics.Build{Version: v.Version, Commit: v.Commit, GoVersion: v.GoVersion},
	}, nil
}

// secretOptions say where the certificate is kept, and for which names it is.
func (o *serveOptions) secretOptions() (server.SecretOptions, error) {
	if o.files.Certificate != "" {
		return server.SecretOptions{}, nil
	}
	where := o.secret.value
	if !o.secret.set {
		where = namespacedName{o.registration.service.value.namespace, defaultSecret}
	}
	name, err := o.registration.serverName(o.listen)
	if err != nil {
		return server.SecretOptions{}, err
	}
	return server.SecretOptions{Namespace: where.namespace, Name: where.name, Names: []string{name}}, nil
}

func (o *serveOptions) log(lines *logging.Lines) *slog.Logger {
	level := slog.LevelInfo
	if o.verbose {
		level = slog.LevelDebug
	}
	if o.logFormat == "json" {
		return slog.New(logging.NewJSON(lines, level))
	}
	return slog.New(logging.NewText(lines, level))
}
