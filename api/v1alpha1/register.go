package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of Gabion's documents.
const GroupName = "gabion.io"

// The kinds of the documents.
const (
	KindPodSecurityProfile   = "PodSecurityProfile"
	KindPodSecurityException = "PodSecurityException"
	KindPodSecurityGuard     = "PodSecurityGuard"
)

// The right to weaken a namespace: the verb on the resource of the group, with the
// namespace's name as that of the object, in no namespace, so that a ClusterRole
// grants it and a Role does not. Nobody serves the resource.
const (
	VerbWeaken                = "weaken"
	ResourcePodSecurityLevels = "podsecuritylevels"
)

// GroupVersion returns the group and version of the types in this package.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}
}

// AddToScheme makes the types in this package known to a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion(), &PodSecurityProfile{}, &PodSecurityProfileList{},
		&PodSecurityException{}, &PodSecurityExceptionList{}, &PodSecurityGuard{}, &PodSecurityGuardList{})
	metav1.AddToGroupVersion(scheme, GroupVersion())
	return nil
}
