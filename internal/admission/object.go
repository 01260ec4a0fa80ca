package admission

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	kjson "sigs.k8s.io/json"

	"github.com/gabion-security/gabion/workload"
)

// objectKind says what an object is, as far as that matters.
type objectKind uint8

const (
	kindAbsent       objectKind = iota // there is no object
	kindOther                          // a kind without pods
	kindNamespace                      // a Namespace
	kindPod                            // a Pod
	kindTemplate                       // a built-in kind with a pod template
	kindTemplateless                   // a ReplicationController without one
)

// object is an object of a request.
type object struct {
	kind             objectKind
	apiVersion, name string
	kindName         string
	labels           map[string]string  // of a Namespace
	template         *workload.Template // of a Pod or a template
}

// kindOf returns what a kind of Kubernetes is. It is false for an apiVersion
// that is none of those which bear pods.
func kindOf(apiVersion, kind string) (objectKind, bool) {
	switch apiVersion {
	case "v1":
		switch kind {
		case "Namespace":
			return kindNamespace, true
		case "Pod":
			return kindPod, true
		case "PodTemplate", replicationController:
			return kindTemplate, true
		}
	case "apps/v1":
		switch kind {
		case "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet":
			return kindTemplate, true
		}
	case "batch/v1":
		switch kind {
		case "Job", "CronJob":
			return kindTemplate, true
		}
	default:
		return kindOther, false
	}
	return kindOther, true
}

const replicationController = "ReplicationController"

// read reads an object. The error says why it cannot be read.
func read(reader *workload.Reader, from unread) (object, error) {
	if len(from.raw) == 0 || string(from.raw) == "null" {
		return object{}, nil
	}
	item := from.item(reader)
	o := object{apiVersion: item.Object.APIVersion, kindName: item.Object.Kind, name: item.Object.Name, labels: item.Labels}
	if item.Outcome == workload.Broken {
		if o.apiVersion == "v1" && o.kindName == replicationController && lacksTemplate(from.raw) {
			o.kind = kindTemplateless
			return o, nil
		}
		return object{}, item.Err
	}
	if !item.Kubernetes {
		return object{}, errors.New("apiVersion and kind are missing")
	}
	kind, known := kindOf(o.apiVersion, o.kindName)
	if !known {
		return object{}, noSuchKind(o.apiVersion, o.kindName)
	}
	o.kind = kind
	if kind == kindPod || kind == kindTemplate {
		if item.Outcome != workload.Read || len(item.Templates) != 1 {
			return object{}, errors.New("the pod template cannot be read")
		}
		o.template = &item.Templates[0]
	}
	return o, nil
}

func noSuchKind(apiVersion, kind string) error {
	return fmt.Errorf("no kind %s is registered for version %s", quote(kind), quote(apiVersion))
}

// lacksTemplate reports whether a ReplicationController has no template, which
// its type allows.
func lacksTemplate(raw []byte) bool {
	var rc struct {
		Spec struct {
			Template json.RawMessage `json:"template"`
		} `json:"spec"`
	}
	err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &rc)
	return err == nil && (rc.Spec.Template == nil || string(rc.Spec.Template) == "null")
}

// hasPodSpec reports whether the object is of a kind that bears pods.
func (o *object) hasPodSpec() bool {
	return o.kind == kindPod || o.kind == kindTemplate || o.kind == kindTemplateless
}

// unexpected says what stands where an object with pods should.
func (o *object) unexpected() error {
	if o.kind == kindAbsent {
		return errors.New("unexpected object type: none")
	}
	group, version, ok := strings.Cut(o.apiVersion, "/")
	if !ok {
		group, version = "", o.apiVersion
	}
	return errors.New("unexpected object type: " + group + "/" + version + ", Kind=" + printable(o.kindName))
}
