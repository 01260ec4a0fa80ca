package cli

import (
	"fmt"
	"os"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/server/install"
)

type installOptions struct {
	system    *System
	namespace string
	image     string
	config    string
	exclude   []string
	crdsOnly  bool
	output    string
}

// newInstall returns `gabion install`.
func newInstall(s *System) *cobra.Command {
	o := installOptions{system: s}
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Print what runs 'gabion serve' inside a cluster, in YAML",
		Long: `Print everything that runs 'gabion serve' inside a cluster. Nothing is sent there.

There is no webhook configuration in it: the program writes that as soon as it
can answer, so that no pod is refused before.`,
		Example: `  gabion install --image=registry.example.com/gabion:v1 -o yaml | kubectl apply --server-side -f -
  kubectl -n gabion-system rollout status deployment/gabion

  # Only what lets profiles, exceptions and guards be kept in a cluster
  gabion install --crds-only -o yaml | kubectl apply --server-side -f -`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := noArgs(cmd, args); err != nil {
				return err
			}
			return o.complete()
		},
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	flagGroup(cmd, "Installation", func(fs *pflag.FlagSet) {
		fs.StringVarP(&o.namespace, "namespace", "n", install.DefaultNamespace, "the `NAMESPACE` to run in")
		fs.StringVar(&o.image, "image", defaultImage(s), "the `IMAGE` to run")
		fs.StringVar(&o.config, "config", "", "the `FILE` with the PodSecurityConfiguration to use; else everything is privileged by default")
		excludeFlag(fs, &o.exclude)
		fs.BoolVar(&o.crdsOnly, "crds-only", false, "print only the CustomResourceDefinitions of gabion.io")
	})
	flagGroup(cmd, "Output", func(fs *pflag.FlagSet) { outputFlag(fs, &o.output, []string{"yaml"}) })
	complete(cmd, map[string][]string{"output": {"yaml"}})
	return cmd
}

// defaultImage is the image of this version.
func defaultImage(s *System) string {
	build, _ := debug.ReadBuildInfo()
	return "ghcr.io/gabion-security/gabion:" + strings.ReplaceAll(versionOf(s.Version, build).Version, "+", "-")
}

func (o *installOptions) complete() error {
	if !isDNSLabel(o.namespace) {
		return usagef("--namespace: %q cannot be the name of a namespace", o.namespace)
	}
	if o.image == "" || strings.ContainsFunc(o.image, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return usagef("--image: %q is no image", o.image)
	}
	return checkNamespaces(o.exclude)
}

func (o *installOptions) run() error {
	if o.crdsOnly {
		text, err := v1alpha1.CustomResourceDefinitions()
		if err == nil {
			_, err = o.system.Stdout.Write(text)
		}
		return err
	}
	configuration := install.DefaultConfiguration
	if o.config != "" {
		text, err := os.ReadFile(o.config)
		if err != nil {
			return fmt.Errorf("reading the configuration: %w", err)
		}
		configuration = string(text)
	}
	// Nothing beside it is in the cluster, so it must not lead to other files.
	if _, err := admission.ParseConfig([]byte(configuration), nil); err != nil {
		return fmt.Errorf("%s: %w", o.config, err)
	}
	text, err := install.Manifest(install.Options{
		Namespace: o.namespace, ExcludedNamespaces: o.exclude, Image: o.image, Configuration: configuration,
	})
	if err != nil {
		return err
	}
	if _, err := o.system.Stdout.Write(text); err != nil {
		return err
	}
	if o.image == defaultImage(o.system) && !isRelease(o.image) {
		_, err = fmt.Fprintf(o.system.Stderr, "note: there is no image %s: this gabion was built from a checkout. Build one with the Containerfile, and give its name with --image\n", o.image)
	}
	return err
}

// isRelease reports whether an image is that of a release, and not of a commit.
func isRelease(image string) bool {
	ok, err := regexp.MatchString(`:v\d+\.\d+\.\d+(-(alpha|beta|rc)\.?\d+)?$`, image)
	return ok && err == nil
}
