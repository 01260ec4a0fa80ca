package snapshot

import (
	"encoding/json"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/gabion-security/gabion/internal/inventory"
)

// header is the first line.
type header struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Cluster    inventory.Cluster `json:"cluster"`
	Server     server            `json:"server"`
	// Only are the namespaces that were asked for, none for all.
	Only          []string             `json:"only,omitempty"`
	TemplatePaths []templatePath       `json:"templatePaths,omitempty"`
	PodResources  []inventory.Resource `json:"podResources,omitempty"`
	Opaque        []inventory.Resource `json:"opaque,omitempty"`
	// Documents are the objects of the group gabion.io: the pods that follow are read
	// by what they look at. Unexcepted is why exceptions could not be listed.
	Documents  []document `json:"documents,omitempty"`
	Unexcepted string     `json:"unexcepted,omitempty"`
	Missing    []missing  `json:"missing,omitempty"`
	NotChecked []problem  `json:"notChecked,omitempty"`
	Errors     []problem  `json:"errors,omitempty"`
	// Lines is how many follow.
	Lines int `json:"lines"`
}

const (
	apiVersion = "gabion.io/v1alpha1"
	kind       = "ClusterSnapshot"
)

type server struct {
	Release string `json:"release"`
	Version string `json:"version"`
}

type templatePath struct {
	Group   string `json:"group,omitempty"`
	Kind    string `json:"kind"`
	Path    string `json:"path"`
	Partial bool   `json:"partial,omitempty"`
}

type missing struct {
	Resource  string `json:"resource"`
	Namespace string `json:"namespace,omitempty"`
	Reason    string `json:"reason"`
}

type document struct {
	Kind   string          `json:"kind"`
	Name   string          `json:"name"`
	Object json.RawMessage `json:"object"`
}

type problem struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Namespace  string   `json:"namespace,omitempty"`
	Name       string   `json:"name,omitempty"`
	Paths      []string `json:"paths,omitempty"`
	Reason     string   `json:"reason"`
}

// line is an object. Its members are in the order in which they are written:
// what follows the metadata is the same for equal pods.
type line struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`

	// Spec and Template hold pods of built-in kinds, at the place where these
	// have them.
	Spec     any       `json:"spec,omitempty"`
	Template *template `json:"template,omitempty"`
	// Templates are the pods of a custom resource.
	Templates []customTemplate `json:"templates,omitempty"`

	Automount       *bool                   `json:"automountServiceAccountToken,omitempty"`
	Rules           []rbacv1.PolicyRule     `json:"rules,omitempty"`
	AggregationRule *rbacv1.AggregationRule `json:"aggregationRule,omitempty"`
	Subjects        []rbacv1.Subject        `json:"subjects,omitempty"`
	RoleRef         *rbacv1.RoleRef         `json:"roleRef,omitempty"`
}

type metadata struct {
	Annotations     map[string]string `json:"annotations,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	Name            string            `json:"name,omitempty"`
	Namespace       string            `json:"namespace,omitempty"`
	OwnerReferences []owner           `json:"ownerReferences,omitempty"`
}

type owner struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Controller bool   `json:"controller"`
}

// ofSpec is a spec that holds a template, and ofJob one that holds a Job's.
type (
	ofSpec struct {
		Template *template `json:"template"`
	}
	ofJob struct {
		JobTemplate struct {
			Spec ofSpec `json:"spec"`
		} `json:"jobTemplate"`
	}
)

type template struct {
	Metadata metadata `json:"metadata"`
	Spec     *podSpec `json:"spec"`
}

type customTemplate struct {
	Path     string          `json:"path"`
	Partial  bool            `json:"partial,omitempty"`
	Template json.RawMessage `json:"template"`
}
