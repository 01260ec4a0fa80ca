package admission

import (
	stdjson "encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

const (
	configGroup  = "pod-security.admission.config.k8s.io"
	configKind   = "PodSecurityConfiguration"
	wrapperGroup = "apiserver.config.k8s.io"
	wrapperKind  = "AdmissionConfiguration"
	pluginName   = "PodSecurity"
)

// PodSecurityConfiguration is the configuration as files state it. Its three
// versions have the same fields.
type PodSecurityConfiguration struct {
	APIVersion string                `json:"apiVersion,omitempty"`
	Kind       string                `json:"kind,omitempty"`
	Defaults   PodSecurityDefaults   `json:"defaults"`
	Exemptions PodSecurityExemptions `json:"exemptions"`
}

// PodSecurityDefaults are the levels and versions for namespaces without labels.
// An empty level is privileged, an empty version latest.
type PodSecurityDefaults struct {
	Enforce        string `json:"enforce,omitempty"`
	EnforceVersion string `json:"enforce-version,omitempty"`
	Audit          string `json:"audit,omitempty"`
	AuditVersion   string `json:"audit-version,omitempty"`
	Warn           string `json:"warn,omitempty"`
	WarnVersion    string `json:"warn-version,omitempty"`
}

// PodSecurityExemptions are the names of what is not judged.
type PodSecurityExemptions struct {
	Usernames      []string `json:"usernames,omitempty"`
	Namespaces     []string `json:"namespaces,omitempty"`
	RuntimeClasses []string `json:"runtimeClasses,omitempty"`
}

// AdmissionConfiguration is the file by which API servers configure admission
// plugins.
type AdmissionConfiguration struct {
	APIVersion string                         `json:"apiVersion,omitempty"`
	Kind       string                         `json:"kind,omitempty"`
	Plugins    []AdmissionPluginConfiguration `json:"plugins"`
}

// AdmissionPluginConfiguration is the configuration of one admission plugin, or
// the path of the file that holds it.
type AdmissionPluginConfiguration struct {
	Name          string             `json:"name"`
	Path          string             `json:"path"`
	Configuration stdjson.RawMessage `json:"configuration"`
}

// document is one object in YAML or JSON whose type is known.
type document struct {
	text                 []byte
	json                 []byte
	isYAML               bool
	group, version, kind string
}

// parseDocument reads the type of an object, as API servers do and in their
// words.
func parseDocument(text []byte) (document, error) {
	d := document{text: text, json: text}
	first := strings.TrimLeftFunc(string(text), unicode.IsSpace)
	if d.isYAML = !strings.HasPrefix(first, "{"); d.isYAML {
		converted, err := yaml.YAMLToJSON(text)
		if err != nil {
			return document{}, err //nolint:wrapcheck // the API server's words
		}
		d.json = converted
	}
	var meta struct {
		APIVersion string `json:"apiVersion,omitempty"`
		Kind       string `json:"kind,omitempty"`
	}
	if err := stdjson.Unmarshal(d.json, &meta); err != nil {
		return document{}, fmt.Errorf("couldn't get version/kind; json parse error: %w", err)
	}
	d.kind = meta.Kind
	switch group, version, ok := strings.Cut(meta.APIVersion, "/"); {
	case !ok:
		d.version = meta.APIVersion
	case strings.Contains(version, "/"):
		return document{}, fmt.Errorf("unexpected GroupVersion string: %s", meta.APIVersion)
	default:
		d.group, d.version = group, version
	}
	switch {
	case d.kind == "":
		return document{}, fmt.Errorf("Object 'Kind' is missing in '%s'", text) //nolint:staticcheck // the API server's words
	case d.version == "":
		return document{}, fmt.Errorf("Object 'apiVersion' is missing in '%s'", text) //nolint:staticcheck // the API server's words
	}
	return d, nil
}

// is reports whether the document is of the type in one of the versions.
func (d *document) is(group, kind string, versions ...string) bool {
	return d.group == group && d.kind == kind && slices.Contains(versions, d.version)
}

// decode reads the document into a value, strictly.
func (d *document) decode(into any) error {
	var faults []string
	if d.isYAML {
		if _, err := yaml.YAMLToJSONStrict(d.text); err != nil {
			faults = append(faults, err.Error())
		}
	}
	strict, err := json.UnmarshalStrict(d.json, into)
	if err != nil {
		return err //nolint:wrapcheck // the API server's words
	}
	for _, err := range strict {
		faults = append(faults, err.Error())
	}
	if len(faults) > 0 {
		return fmt.Errorf("strict decoding error: %s", strings.Join(faults, ", "))
	}
	return nil
}

// config reads the document as a PodSecurityConfiguration.
func (d *document) config() (Config, error) {
	if !d.is(configGroup, configKind, "v1", "v1beta1", "v1alpha1") {
		version := d.version
		if d.group != "" {
			version = d.group + "/" + version
		}
		return Config{}, fmt.Errorf("no kind %s is registered for version %s", strconv.Quote(d.kind), strconv.Quote(version))
	}
	var c PodSecurityConfiguration
	if err := d.decode(&c); err != nil {
		return Config{}, err
	}
	return c.complete()
}
