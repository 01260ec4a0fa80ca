package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// The types of conditions.
const (
	// ConditionReady says that a document counts as it is.
	ConditionReady = "Ready"
	// ConditionExpired says that an exception has ended.
	ConditionExpired = "Expired"
)

// The reasons of conditions.
const (
	// ReasonInForce is that of a document which counts.
	ReasonInForce = "InForce"
	// ReasonInvalid is that of one which cannot be read: an exception is none then,
	// a guard or a profile stays what it was.
	ReasonInvalid = "Invalid"
	// ReasonNameTaken is that of one whose name also stands in a server's folder.
	ReasonNameTaken = "NameTaken"
	// ReasonProfileMissing is that of a guard whose profile is not there, so that
	// pods are refused.
	ReasonProfileMissing = "ProfileMissing"
	// ReasonExpired is that of an exception which has ended.
	ReasonExpired = "Expired"
	// ReasonNotExpired is that of one which has not.
	ReasonNotExpired = "NotExpired"
)

// Status is what servers say of a document.
type Status struct {
	// ObservedGeneration is the generation of the document that this is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Conditions say whether the document counts, and why it does not.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// PodSecurityExceptionStatus is what servers say of an exception. It is written at
// most once a minute.
type PodSecurityExceptionStatus struct {
	Status `json:",inline"`

	// LastUsed is when the exception last covered something of a pod, or of the
	// pods that a workload will make. Requests that were only tried out do not
	// count.
	// +optional
	LastUsed *metav1.Time `json:"lastUsed,omitempty"`
	// Workloads are those of which the exception has covered something, the last
	// first; of more than 20, the last.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	Workloads []ExceptedWorkload `json:"workloads,omitempty"`
}

// MaxExceptedWorkloads is how many workloads the status of an exception names.
const MaxExceptedWorkloads = 20

// ExceptedWorkload is what an exception has covered something of.
type ExceptedWorkload struct {
	// Namespace is where it is.
	Namespace string `json:"namespace"`
	// Kind is its kind, with the group, such as deployment.apps. Of a pod with a
	// controller, it is the controller's.
	Kind string `json:"kind"`
	// Name is its name, or what its name begins with.
	Name string `json:"name"`
	// LastUsed is when that was for the last time.
	LastUsed metav1.Time `json:"lastUsed"`
}
