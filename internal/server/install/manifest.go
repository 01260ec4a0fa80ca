package install

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
)

// DefaultNamespace is where the program runs unless somebody says otherwise.
const DefaultNamespace = "gabion-system"

// DefaultConfiguration is a configuration that leaves namespaces without labels
// as they are.
const DefaultConfiguration = `apiVersion: pod-security.admission.config.k8s.io/v1
kind: PodSecurityConfiguration
# For namespaces without Pod Security labels.
defaults:
  enforce: privileged
  enforce-version: latest
  audit: privileged
  audit-version: latest
  warn: privileged
  warn-version: latest
# What is not judged.
exemptions:
  usernames: []
  runtimeClasses: []
  namespaces: []
`

//go:embed manifest.yaml
var manifest string

// Options say what is different from one installation to another. All are
// required but ExcludedNamespaces.
type Options struct {
	// Namespace is a DNS label, and so are ExcludedNamespaces.
	Namespace          string
	ExcludedNamespaces []string
	Image              string
	// Configuration is a PodSecurityConfiguration.
	Configuration string
}

// Manifest returns everything that runs in the cluster, in YAML, in the order in
// which it is to be created. There is no webhook configuration in it: the
// program writes that once it can answer.
func Manifest(o Options) ([]byte, error) {
	t, err := template.New("manifest").Funcs(template.FuncMap{"json": quote, "yaml": block}).Parse(manifest)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		Options

		Excluded string
	}{o, strings.Join(o.ExcludedNamespaces, ",")})
	if err != nil {
		return nil, fmt.Errorf("the manifests: %w", err)
	}
	return b.Bytes(), nil
}

// block writes a text as a YAML block, indented below a key, if that can be
// read by people; else as a JSON string.
func block(s string) (string, error) {
	plain := strings.HasSuffix(s, "\n") && !strings.HasSuffix(s, "\n\n") && !strings.HasPrefix(s, " ") && !strings.HasPrefix(s, "\n")
	for _, r := range s {
		plain = plain && (r == '\n' || r >= ' ' && r <= '~')
	}
	if !plain {
		return quote(s)
	}
	return "|\n    " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n    "), nil
}

// quote writes a text as a JSON string, which is YAML too.
func quote(s string) (string, error) {
	text, err := json.Marshal(s)
	return string(text), err
}
