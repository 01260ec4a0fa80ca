package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PodSecurityException lets pods pass although they fail controls: those
// findings that it covers are left out of the verdict, by the webhook, the
// command line and the pipeline alike. A pod passes only if every finding is
// covered, by this exception or others.
//
// Of what it can name, only the namespace protects it: labels, service accounts,
// names of containers and tags of images are chosen by whoever writes the pod.
// They narrow an exception to what it is for, and keep nobody out.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=psexception;podsecexception,categories=gabion
// +kubebuilder:printcolumn:name="Owner",type=string,JSONPath=`.spec.owner`
// +kubebuilder:printcolumn:name="Expires",type=string,JSONPath=`.spec.expiresAt`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.spec.reason`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Last Used",type=date,JSONPath=`.status.lastUsed`
// +kubebuilder:printcolumn:name="Ticket",type=string,priority=1,JSONPath=`.spec.ticket`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type PodSecurityException struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what is excepted, where, and why.
	// +required
	Spec PodSecurityExceptionSpec `json:"spec"`
	// Status is what servers say of the exception.
	// +optional
	Status *PodSecurityExceptionStatus `json:"status,omitempty"`
}

// PodSecurityExceptionList is a list of exceptions.
//
// +kubebuilder:object:root=true
type PodSecurityExceptionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []PodSecurityException `json:"items"`
}

// PodSecurityExceptionSpec says what is excepted, where, and why. What is left
// out narrows nothing, but the namespaces and the controls have to be named. A
// list that is there and empty is refused: it would be read as everything by
// some, and as nothing by others.
type PodSecurityExceptionSpec struct {
	// Reason says to whoever finds the exception why it is there.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason"`
	// Owner is who answers for the exception.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Owner string `json:"owner,omitempty"`
	// Ticket is where the exception was asked for and agreed to.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Ticket string `json:"ticket,omitempty"`
	// ExpiresAt is the moment from which on the exception covers nothing any
	// more. If it is left out, that is never.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
	// Modes are the modes of Pod Security admission in which the exception
	// counts. If they are left out, it counts in all.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	Modes []Mode `json:"modes,omitempty"`
	// Namespaces are those whose pods are excepted.
	// +required
	Namespaces Namespaces `json:"namespaces"`
	// Pods narrows the exception to some pods of the namespaces.
	// +optional
	Pods *ExceptedPods `json:"pods,omitempty"`
	// Containers narrows the exception to what some containers of the pods do.
	// What the pod as a whole does, such as its volumes and its own security
	// context, is then not excepted.
	// +optional
	Containers *ExceptedContainers `json:"containers,omitempty"`
	// Controls are the controls that the pods may fail.
	// +required
	// +listType=map
	// +listMapKey=id
	// +kubebuilder:validation:MinItems=1
	Controls []ExceptedControl `json:"controls"`
}

// Mode is a mode of Pod Security admission.
//
// +kubebuilder:validation:Enum=enforce;audit;warn
type Mode string

// The values of Mode.
const (
	Enforce Mode = "enforce"
	Audit   Mode = "audit"
	Warn    Mode = "warn"
)

// Namespaces are some of a cluster's namespaces: those that meet all that is
// stated. Every namespace is meant only by all.
//
// +kubebuilder:validation:XValidation:rule="has(self.all) && self.all ? !has(self.names) && !has(self.selector) : has(self.names) || has(self.selector)",message="state either all: true, or names, a selector or both"
type Namespaces struct {
	// All, if true, means every namespace.
	// +optional
	All bool `json:"all,omitempty"`
	// Names are the names of the namespaces.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Names []string `json:"names,omitempty"`
	// Selector selects namespaces by their labels. It must not be empty.
	// +optional
	// +kubebuilder:validation:XValidation:rule="has(self.matchLabels) && size(self.matchLabels) > 0 || has(self.matchExpressions) && size(self.matchExpressions) > 0",message="an empty selector would mean every namespace: write all: true for that"
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
	// Except are the names of namespaces that are not meant all the same.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Except []string `json:"except,omitempty"`
}

// ExceptedPods are the pods that meet all that is stated.
//
// +kubebuilder:validation:MinProperties=1
type ExceptedPods struct {
	// Selector selects pods by their labels, and the pods that a workload will
	// make by those of its template. It must not be empty.
	// +optional
	// +kubebuilder:validation:XValidation:rule="has(self.matchLabels) && size(self.matchLabels) > 0 || has(self.matchExpressions) && size(self.matchExpressions) > 0",message="an empty selector would mean every pod: leave it out for that"
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
	// ServiceAccounts are the names of the service accounts that the pods run
	// as. A pod that names none runs as default.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	ServiceAccounts []string `json:"serviceAccounts,omitempty"`
	// RuntimeClasses are the names of the runtime classes of the pods.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	RuntimeClasses []string `json:"runtimeClasses,omitempty"`
}

// ExceptedContainers are the containers that meet all that is stated.
//
// +kubebuilder:validation:MinProperties=1
type ExceptedContainers struct {
	// Names are the names of the containers.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	Names []string `json:"names,omitempty"`
	// Kinds are the lists of a pod that the containers are in.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	Kinds []ContainerKind `json:"kinds,omitempty"`
	// Images are the images that the containers run: a repository with its
	// registry such as docker.io/istio/proxyv2, which is meant with every tag and
	// digest, or one with a tag or a digest, which is meant with that only. A
	// star stands for one part between slashes, two at the end for one or more:
	// docker.io/istio/* is no image below docker.io/istio-evil.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	Images []string `json:"images,omitempty"`
}

// ContainerKind says in which list of a pod a container stands.
//
// +kubebuilder:validation:Enum=initContainer;container;ephemeralContainer
type ContainerKind string

// ExceptedControl is a control that pods may fail.
type ExceptedControl struct {
	// ID is the ID of the control, of the Pod Security Standards or of a profile:
	// see gabion controls. What is excepted from a control is excepted too from
	// the one that takes its place at the restricted level, as far as a value is
	// concerned that both look at: NET_ADMIN excepted from capabilities_baseline
	// may be added at the restricted level, but ALL has to be dropped. The other
	// way round, what the baseline level forbids is excepted from
	// capabilities_restricted only by its values.
	// +required
	ID string `json:"id"`
	// Values are the values with which pods may fail the control. If neither they
	// nor missing are stated, that is any, and none where one is missing. A value
	// is what is found at the path of a finding; for hostNamespaces it is the name
	// of the field; a path of the node, for volumes, means what is below it too.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	Values []string `json:"values,omitempty"`
	// Missing, if true, lets pods fail the control by not stating what it asks
	// for, and beside that only with the values.
	// +optional
	Missing bool `json:"missing,omitempty"`
}
