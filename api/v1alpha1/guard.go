package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PodSecurityGuard keeps namespaces from being weakened: of the changes of a
// namespace, those after which less is enforced than before, and less than the
// floor. Several guards may mean the same namespace: what is strictest counts.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=psguard;podsecguard,categories=gabion
// +kubebuilder:printcolumn:name="Action",type=string,JSONPath=`.spec.action`
// +kubebuilder:printcolumn:name="Floor",type=string,JSONPath=`.spec.floor.enforce`
// +kubebuilder:printcolumn:name="Lock",type=boolean,JSONPath=`.spec.lock`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type PodSecurityGuard struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what is guarded, and how.
	// +required
	Spec PodSecurityGuardSpec `json:"spec"`
	// Status is what servers say of the guard.
	// +optional
	Status *Status `json:"status,omitempty"`
}

// PodSecurityGuardList is a list of guards.
//
// +kubebuilder:object:root=true
type PodSecurityGuardList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []PodSecurityGuard `json:"items"`
}

// PodSecurityGuardSpec says what is guarded, and how. A new namespace is compared
// with one that states none of the labels of Pod Security, and with the floor; one
// with an exempt name, or a name that a guard or an exception excepts, is a weakening
// by itself, and so is labelling a namespace into an exception.
//
// +kubebuilder:validation:XValidation:rule="has(self.floor) || has(self.lock) && self.lock || has(self.profile) || has(self.newNamespaces) || has(self.workloads) || has(self.ephemeralContainers)",message="it guards nothing: state a floor, or lock: true, a profile, newNamespaces, workloads or ephemeralContainers"
// +kubebuilder:validation:XValidation:rule="!has(self.applyToPods) || !self.applyToPods || has(self.floor) && has(self.floor.enforce)",message="applyToPods has nothing to apply: state floor.enforce"
type PodSecurityGuardSpec struct {
	// Action is what becomes of a change that weakens a namespace: audit notes
	// it in the audit log, warn tells who makes it too, deny refuses it, unless who
	// makes it has the right to: the verb weaken on podsecuritylevels.gabion.io with
	// the name of the namespace, by a ClusterRoleBinding. If it is left out, warn is
	// meant.
	// +optional
	Action GuardAction `json:"action,omitempty"`
	// Namespaces are those that are guarded. A change counts by the labels before
	// and by those after it, so that nobody leaves a guard by it.
	// +required
	Namespaces Namespaces `json:"namespaces"`
	// Floor is what a change must not weaken to below. What is below it already
	// may stay so, and be improved in part. If it is left out, that is nothing,
	// and only lock guards.
	// +optional
	Floor *Floor `json:"floor,omitempty"`
	// Lock, if true, takes every weakening for one, above the floor too.
	// +optional
	Lock bool `json:"lock,omitempty"`
	// NewerVersions says what a change to a newer version of the standard is
	// where that one relaxes something. allowed, which is also meant if it is left
	// out, takes none for a weakening, but names in a warning what is relaxed.
	// guarded takes it for one, which is refused where there is a lock, or below
	// the floor; a newer version than the floor's is never below it.
	// +optional
	NewerVersions NewerVersions `json:"newerVersions,omitempty"`
	// ApplyToPods, if true, has pods meet floor.enforce beside what the labels of
	// their namespace enforce.
	// +optional
	ApplyToPods bool `json:"applyToPods,omitempty"`
	// Profile is the name of a PodSecurityProfile that pods have to meet beside
	// what the labels of their namespace enforce. As long as there is none of that
	// name, pods are refused.
	// +optional
	// +kubebuilder:validation:MinLength=1
	Profile string `json:"profile,omitempty"`
	// NewNamespaces is what new namespaces get. It is there before they are judged,
	// and one whose own labels ask for less is weakened by them.
	// +optional
	NewNamespaces *NewNamespaces `json:"newNamespaces,omitempty"`
	// Workloads is what becomes of a workload whose pods would be refused, when it
	// is made or changed: off says nothing of it, warn tells who makes the change,
	// deny refuses it. It is judged before sidecars are injected. One that names a
	// controller of a kind that is known to bear pods is passed over, whether that
	// has made it or not. What is left out is left to other guards of the namespace;
	// if none of them says anything, warn is meant.
	// +optional
	Workloads WorkloadAction `json:"workloads,omitempty"`
	// EphemeralContainers says how those are judged that are added to a pod which
	// exists: whole, together with all of the pod, or alone, with what they share
	// of it: its own fields, and the volumes that they mount. What is left out is
	// left to other guards of the namespace; if none of them says anything, whole
	// is meant.
	// +optional
	EphemeralContainers EphemeralContainers `json:"ephemeralContainers,omitempty"`
}

// GuardAction is what becomes of a change that weakens a namespace.
//
// +kubebuilder:validation:Enum=audit;warn;deny
type GuardAction string

// The values of GuardAction.
const (
	GuardAudit GuardAction = "audit"
	GuardWarn  GuardAction = "warn"
	GuardDeny  GuardAction = "deny"
)

// NewerVersions says what a change to a newer version of the standard is.
//
// +kubebuilder:validation:Enum=allowed;guarded
type NewerVersions string

// The values of NewerVersions.
const (
	NewerAllowed NewerVersions = "allowed"
	NewerGuarded NewerVersions = "guarded"
)

// WorkloadAction is what becomes of a workload whose pods would be refused.
//
// +kubebuilder:validation:Enum="off";warn;deny
type WorkloadAction string

// The values of WorkloadAction. A stricter one counts before others.
const (
	WorkloadsOff  WorkloadAction = "off"
	WorkloadsWarn WorkloadAction = "warn"
	WorkloadsDeny WorkloadAction = "deny"
)

// EphemeralContainers says how ephemeral containers are judged.
//
// +kubebuilder:validation:Enum=whole;alone
type EphemeralContainers string

// The values of EphemeralContainers. Of several guards, whole counts.
const (
	EphemeralWhole EphemeralContainers = "whole"
	EphemeralAlone EphemeralContainers = "alone"
)

// Floor is the least that is enforced, and asked for in the other modes. Each is
// LEVEL or LEVEL:VERSION; without a version, latest is meant.
//
// +kubebuilder:validation:MinProperties=1
type Floor struct {
	// Enforce is the least that is enforced, such as baseline:latest.
	// +optional
	// +kubebuilder:validation:Pattern=`^(privileged|baseline|restricted)(:(latest|v1\.(0|[1-9][0-9]{0,2})))?$`
	Enforce string `json:"enforce,omitempty"`
	// Audit is the least that the audit log tells of.
	// +optional
	// +kubebuilder:validation:Pattern=`^(privileged|baseline|restricted)(:(latest|v1\.(0|[1-9][0-9]{0,2})))?$`
	Audit string `json:"audit,omitempty"`
	// Warn is the least that is warned about.
	// +optional
	// +kubebuilder:validation:Pattern=`^(privileged|baseline|restricted)(:(latest|v1\.(0|[1-9][0-9]{0,2})))?$`
	Warn string `json:"warn,omitempty"`
}

// NewNamespaces is what new namespaces get.
type NewNamespaces struct {
	// Labels are the labels of Pod Security for those that do not state them.
	// +required
	Labels NewLabels `json:"labels"`
}

// NewLabels are labels of Pod Security, of which only those that are absent are
// filled. Each is LEVEL or LEVEL:VERSION; a version goes with its level: where a
// namespace states the level itself, it gets no version. Of several guards, the
// highest level counts, and of several versions of it the newest.
//
// +kubebuilder:validation:MinProperties=1
type NewLabels struct {
	// Enforce is what is enforced, such as baseline:latest.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^(privileged|baseline|restricted)(:(latest|v1\\\\.(0|[1-9][0-9]{0,2})))?$')",message="write LEVEL or LEVEL:VERSION, as in baseline:latest"
	Enforce string `json:"enforce,omitempty"`
	// Audit is what is told to the audit log, such as restricted.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^(privileged|baseline|restricted)(:(latest|v1\\\\.(0|[1-9][0-9]{0,2})))?$')",message="write LEVEL or LEVEL:VERSION, as in baseline:latest"
	Audit string `json:"audit,omitempty"`
	// Warn is what is warned about, such as restricted.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^(privileged|baseline|restricted)(:(latest|v1\\\\.(0|[1-9][0-9]{0,2})))?$')",message="write LEVEL or LEVEL:VERSION, as in baseline:latest"
	Warn string `json:"warn,omitempty"`
}
