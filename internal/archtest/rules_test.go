package archtest

import "regexp"

// modulePath is the root module's; package names below are relative to it.
const modulePath = "github.com/gabion-security/gabion"

// layers are the packages of the root module from the top down. A package may
// import those of lower layers; those of one layer are siblings and never
// import each other. A package below a listed one belongs to it.
var layers = [][]string{
	{"cmd/gabion", "cmd/kubectl-gabion"},
	{"internal/cli"},
	{"internal/server"},
	{"internal/webhook", "internal/cluster", "internal/metrics", "internal/policy"},
	{
		"internal/admission", "internal/preview", "internal/plan", "internal/label", "internal/upgrade", "internal/access", "internal/psp",
		"internal/profile", "internal/guard", "internal/exception", "internal/report", "internal/snapshot", "internal/logging",
		"internal/baseline", "internal/ignore", "internal/config", "internal/fix", "internal/helm", "internal/kustomize",
	},
	{"internal/inventory", "internal/rbac", "internal/document", "internal/match", "internal/patch", "internal/exclude", "internal/limit", "internal/headroom"},
	{"workload/typed"},
	{"workload", "api/v1alpha1"},
	{"pss", "internal/jsontext"},
}

// testOnly are the packages that hold only tests and stand outside the layers.
var testOnly = []string{"ci", "examples", "internal/archtest", "internal/sample", "internal/timing"}

// allowLists are the packages that may import, beside the standard library and
// what layers allows, nothing but what is listed.
var allowLists = map[string][]string{
	"pss":            {},
	"workload":       {"sigs.k8s.io/yaml", "sigs.k8s.io/json", "go.yaml.in/yaml", "golang.org/x/sys"},
	"workload/typed": {"k8s.io/api", "k8s.io/apimachinery"},
	"api/v1alpha1":   {"k8s.io/apimachinery"}, // metadata and schemes: the types are objects of a cluster, too
	"cmd":            {},
}

// onlyIn are imports that are confined to some packages.
var onlyIn = map[string][]string{
	"k8s.io/client-go":              {"internal/cluster", "internal/server", "internal/cli"},
	"k8s.io/cli-runtime":            {"internal/cluster", "internal/server", "internal/cli"},
	"github.com/spf13/cobra":        {"internal/cli"},
	"github.com/spf13/pflag":        {"internal/cli", "internal/cluster"},
	"github.com/prometheus":         {"internal/metrics"},
	"helm.sh/helm":                  {"internal/helm"},
	"sigs.k8s.io/kustomize":         {"internal/kustomize"},
	"k8s.io/pod-security-admission": {},                                  // the oracle's: a nested module
	modulePath + "/internal/ignore": {"internal/cli", "internal/ignore"}, // what manifests ask for never counts at admission
}

// unreachable are packages that no import path may lead to, however long: from
// the key, or from anywhere in the root module for "".
var unreachable = map[string][]string{
	"": {
		"helm.sh/helm/v3/pkg/action", "helm.sh/helm/v4/pkg/action",
		"sigs.k8s.io/controller-runtime", "k8s.io/pod-security-admission", "k8s.io/kubernetes",
	},
	"pss":            {"net", "os/exec"},
	"workload":       {"k8s.io", "net", "os/exec"},
	"workload/typed": {"k8s.io/client-go"},
}

// bannedNames are package names that say nothing.
var bannedNames = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "base", "lib"}

// maxLines is the longest a Go file may be, unless it is generated.
const maxLines = 500

// maxMainLines is the longest a file of a command's main package may be, with
// its comments and tests apart.
const maxMainLines = 20

// forbiddenCalls may not be made outside tests; exitPackages may call os.Exit.
var (
	forbiddenCalls = []string{"os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln", "log.Panic", "log.Panicf", "panic"}
	exitPackages   = []string{"cmd"}
)

// forbiddenText may stand in no file of the repository: paths and hosts that
// exist on one machine only, and work that was put off. Each expression is
// written so that it does not match itself.
var forbiddenText = []*regexp.Regexp{
	regexp.MustCompile(`/wor[k]/(main|shared)`),
	regexp.MustCompile(`/roo[t]/(go|\.cache)`),
	regexp.MustCompile(`/tm[p]/`),
	regexp.MustCompile(`proxy\.golang\.org|registry\.npmjs\.org|deb\.debian\.org`),
	regexp.MustCompile(`\b(TO[D]O|FIX[M]E|XX[X])\b`),
	regexp.MustCompile(`\b[tb]\.Skip(f|Now)?\(`),
}
