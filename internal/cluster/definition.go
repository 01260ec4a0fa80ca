package cluster

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/workload"
)

// definitionsGroup and definitionsResource are where CustomResourceDefinitions are.
var definitionsGroup = schema.GroupVersion{Group: "apiextensions.k8s.io", Version: "v1"}

const definitionsResource = "customresourcedefinitions"

// definition is what matters of a CustomResourceDefinition.
type definition struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		Group                 string              `json:"group"`
		Scope                 string              `json:"scope"`
		Names                 definitionNames     `json:"names"`
		PreserveUnknownFields bool                `json:"preserveUnknownFields"`
		Versions              []definitionVersion `json:"versions"`
	} `json:"spec"`
	Status struct {
		// AcceptedNames are those that are served.
		AcceptedNames definitionNames       `json:"acceptedNames"`
		Conditions    []definitionCondition `json:"conditions"`
	} `json:"status"`
}

type (
	definitionNames struct {
		Plural string `json:"plural"`
		Kind   string `json:"kind"`
	}
	definitionVersion struct {
		Name   string `json:"name"`
		Served bool   `json:"served"`
		Schema struct {
			Root *customSchema `json:"openAPIV3Schema"`
		} `json:"schema"`
	}
	definitionCondition struct {
		Type   string `json:"type"`
		Status string `json:"status"`
	}
	// definitionList is a page of them.
	definitionList struct {
		metav1.TypeMeta `json:",inline"`
		metav1.ListMeta `json:"metadata"`

		Items []definition `json:"items"`
	}
)

// DeepCopyObject returns another object with the same contents: nobody changes them.
func (d *definition) DeepCopyObject() runtime.Object { c := *d; return &c }

// DeepCopyObject is as that of a definition.
func (l *definitionList) DeepCopyObject() runtime.Object { c := *l; return &c }

// newDefinitionClient returns a client that knows CustomResourceDefinitions alone,
// and reads no more of them than what matters.
func newDefinitionClient(config *rest.Config) (*client, error) {
	scheme := runtime.NewScheme()
	scheme.AddKnownTypeWithName(definitionsGroup.WithKind("CustomResourceDefinition"), &definition{})
	scheme.AddKnownTypeWithName(definitionsGroup.WithKind("CustomResourceDefinitionList"), &definitionList{})
	metav1.AddToGroupVersion(scheme, definitionsGroup)
	config = rest.CopyConfig(config)
	config.APIPath = "/apis"
	config.GroupVersion = &definitionsGroup
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.ContentType = runtime.ContentTypeJSON
	c, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, err
	}
	return &client{RESTClient: c, parameters: runtime.NewParameterCodec(scheme), address: Address(config)}, nil
}

// places returns where objects of a version hold pods.
func (d *definition) places(v definitionVersion) places {
	p := findPlaces(v.Schema.Root)
	p.hidden = p.hidden || d.Spec.PreserveUnknownFields
	return p
}

// customKind is what remains of a definition that is established.
type customKind struct {
	groupKind

	plural        string
	clusterScoped bool
	versions      []string // that are served, sorted
	places        places   // in any of these versions
}

// reduce returns what remains; nil if nobody can make such objects.
func (d *definition) reduce() *customKind {
	established := slices.ContainsFunc(d.Status.Conditions, func(c definitionCondition) bool {
		return c.Type == "Established" && c.Status == "True"
	})
	k := customKind{
		groupKind: groupKind{d.Spec.Group, d.Status.AcceptedNames.Kind}, plural: d.Status.AcceptedNames.Plural,
		clusterScoped: d.Spec.Scope == "Cluster",
	}
	for _, v := range d.Spec.Versions {
		if !v.Served {
			continue
		}
		k.versions = append(k.versions, v.Name)
		p := d.places(v)
		k.places.found = append(k.places.found, p.found...)
		k.places.hidden = k.places.hidden || p.hidden
	}
	if !established || k.kind == "" || k.plural == "" || len(k.versions) == 0 {
		return nil
	}
	slices.Sort(k.versions)
	k.places.found = distinct(k.places.found)
	return &k
}

// distinct returns each path once, sorted: it is a part if it is one in any version.
func distinct(all []place) []place {
	slices.SortFunc(all, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.path, b.path), boolRank(b.partial)-boolRank(a.partial))
	})
	return slices.CompactFunc(all, func(a, b place) bool { return a.path == b.path })
}

// holding is what objects of a kind hold, as far as can be told without them.
type holding uint8

const (
	holdsNone     holding = iota // no pods
	holdsPods                    // pods at known places
	holdsAnything                // something of which the schema says nothing
)

// holds returns what objects of a kind hold, and the paths that lead to their pods
// unless the reader knows the kind.
func (p places) holds(reader *workload.Reader, kind groupKind) (holding, []workload.TemplatePath) {
	switch {
	case reader.Knows(kind.group+"/v1", kind.kind): // in whichever version
		return holdsPods, nil
	case len(p.found) > 0:
		paths := make([]workload.TemplatePath, len(p.found))
		for i, at := range p.found {
			paths[i] = workload.TemplatePath{Group: kind.group, Kind: kind.kind, Path: at.path, Partial: at.partial}
		}
		return holdsPods, paths
	case p.hidden:
		return holdsAnything, nil
	}
	return holdsNone, nil
}
