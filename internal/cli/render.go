package cli

import (
	"cmp"
	"errors"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/internal/exclude"
	"github.com/gabion-security/gabion/internal/helm"
	"github.com/gabion-security/gabion/internal/kustomize"
	"github.com/gabion-security/gabion/internal/limit"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// renderOptions say what is read beside manifests, and what is left out.
type renderOptions struct {
	settings    helm.Settings
	releaseName string
	apiVersions []string
	kustomize   []string
	excludes    []string
	excludesOf  string // the directory that they are of, "" for the working one
	allowRemote bool
	allowExec   bool

	// What complete makes of the flags.
	excluded *exclude.Matcher
	chart    helm.Options
	build    kustomize.Options

	// What a run meets.
	leftOut int
	unbuilt []string // kustomizations that a walk met
	values  bool     // the values are read
	met     chartsMet
}

// flags defines the flags of the sources.
func (o *renderOptions) flags(cmd *cobra.Command) {
	flagGroup(cmd, "Charts and kustomizations", func(fs *pflag.FlagSet) {
		fs.StringArrayVarP(&o.kustomize, "kustomize", "k", nil, "a `DIR` with a kustomization.yaml to build and check; may be repeated")
		fs.StringArrayVar(&o.settings.Files, "values", nil, "a `FILE` of values for charts; may be repeated")
		fs.StringArrayVar(&o.settings.Set, "set", nil, "values for charts, as helm takes them: `KEY=VALUE,...`; may be repeated")
		fs.StringArrayVar(&o.settings.String, "set-string", nil, "values for charts that are strings: `KEY=VALUE,...`")
		fs.StringArrayVar(&o.settings.File, "set-file", nil, "values for charts from files: `KEY=FILE,...`")
		fs.StringArrayVar(&o.settings.JSON, "set-json", nil, "values for charts as JSON: `KEY=JSON`")
		fs.StringArrayVar(&o.settings.Literal, "set-literal", nil, "a value for charts to take as it is: `KEY=VALUE`")
		fs.StringVar(&o.releaseName, "release-name", "release-name", "the `NAME` of the release that charts are told")
		fs.StringSliceVar(&o.apiVersions, "api-versions", nil, "API `VERSIONS` that charts are told the cluster has beside its own")
		fs.BoolVar(&o.allowRemote, "allow-remote", false, "let kustomizations fetch the URLs and repositories that they refer to")
		fs.BoolVar(&o.allowExec, "allow-exec", false, "let kustomizations run programs: functions, plugins and Helm")
	})
	cmd.Flags().SetNormalizeFunc(sourceAliases)
}

// excludeFilesFlag defines --exclude.
func excludeFilesFlag(fs *pflag.FlagSet, to *[]string) {
	fs.StringArrayVar(to, "exclude", nil,
		"leave out files and directories that match a `PATTERN`, as a line of .gitignore here would; may be repeated")
}

// sourceAliases are what other scanners call the flags.
func sourceAliases(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	switch name {
	case "helm-values":
		name = "values"
	case "helm-set":
		name = "set"
	case "helm-set-string":
		name = "set-string"
	case "helm-set-file":
		name = "set-file"
	case "helm-api-versions":
		name = "api-versions"
	case "helm-kube-version", "kube-version":
		name = "kubernetes-version"
	case "ignore-paths", "skip-dirs", "skip-files":
		name = "exclude"
	}
	return pflag.NormalizedName(name)
}

// complete finds faults of the flags. A chart is told the version of Kubernetes
// whose API server judges.
func (o *renderOptions) complete(namespace string, kubernetes pss.Version, now time.Time) error {
	if err := o.settings.Check(); err != nil {
		return usagef("%s", err)
	}
	if err := helm.CheckReleaseName(o.releaseName); err != nil {
		return usagef("--release-name: %s", err)
	}
	for _, dir := range o.kustomize {
		if dir == "" {
			return usagef("--kustomize: a path is empty")
		}
	}
	if !kubernetes.Valid() {
		kubernetes = pss.NewestVersion()
	}
	o.chart = helm.Options{
		ReleaseName: o.releaseName, Namespace: namespace, Kubernetes: kubernetes.String() + ".0", APIVersions: o.apiVersions,
		Now: now, Limits: limit.Default(),
	}
	o.build = kustomize.Options{AllowRemote: o.allowRemote, AllowExec: o.allowExec, Limits: limit.Default()}
	var err error
	if o.excluded, err = exclude.New(cmp.Or(o.excludesOf, "."), o.excludes); err != nil {
		return usagef("--exclude: %s", err)
	}
	return nil
}

// isExcluded reports whether a path is left out.
func (o *renderOptions) isExcluded(path string, dir bool) bool {
	if !o.excluded.Match(path, dir) {
		return false
	}
	o.leftOut++
	return true
}

// walker walks as the options say, and notes in found whether something was
// there, be it left out.
func (o *renderOptions) walker(given string, found *bool) workload.Walker {
	return workload.Walker{
		Exclude: func(path string, dir bool) bool {
			if path == given && !dir && o.excludesOf != "" {
				return false // who names a file says more than a configuration
			}
			excluded := o.excluded.Match(path, dir)
			*found = *found || excluded
			if excluded && !o.met.helms(path) { // what Helm makes is counted then
				o.leftOut++
			}
			return excluded
		},
		Whole: func(dir string) bool {
			if file, ok := kustomize.File(dir); ok && !o.isBuilt(dir) {
				o.unbuilt = append(o.unbuilt, file)
			}
			return helm.IsChart(dir) && o.met.add(dir)
		},
	}
}

// isBuilt reports whether -k names a directory.
func (o *renderOptions) isBuilt(dir string) bool {
	for _, built := range o.kustomize {
		if filepath.Clean(built) == filepath.Clean(dir) {
			return true
		}
	}
	return false
}

// charts returns the options for charts, with their values.
func (o *renderOptions) charts() (helm.Options, error) {
	if !o.values {
		values, err := o.settings.Merge()
		if err != nil {
			return o.chart, err
		}
		o.chart.Values, o.values = values, true
	}
	return o.chart, nil
}

// renderFault is the item of what is wrong with a chart or a kustomization.
func renderFault(path string, err error) workload.Item {
	var chart *helm.Fault
	var built *kustomize.Fault
	switch {
	case errors.As(err, &chart):
		item := fault(chart.Path, chart.Err)
		item.Source.Line = chart.Line
		return item
	case errors.As(err, &built):
		return fault(built.Path, built.Err)
	}
	return fault(path, err)
}
