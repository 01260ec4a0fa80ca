package pss

// Pod is what the Pod Security Standards look at in one pod, and nothing else.
// The API server's defaulting has already been applied to it, where that
// changes verdicts (package workload does). Two pods with equal views have
// equal verdicts. The zero Pod has no containers and meets every level.
type Pod struct {
	// Annotations are those that a control reads: keys that begin with
	// AppArmorAnnotationPrefix or SeccompContainerAnnotationPrefix, and
	// SeccompPodAnnotation. Sorted by key, keys unique.
	Annotations []Annotation
	// OS is spec.os.name.
	OS string
	// HostUsers is spec.hostUsers; false puts the pod into a user namespace.
	HostUsers Opt[bool]
	// HostNetwork, HostPID and HostIPC share the node's namespaces.
	HostNetwork, HostPID, HostIPC bool
	// SecurityContext is spec.securityContext.
	SecurityContext SecurityContext
	// Sysctls are the names in spec.securityContext.sysctls, in order.
	Sysctls []string
	// Volumes are spec.volumes, all of them, in order.
	Volumes []Volume
	// Containers are the containers of every kind, in the order in which Pod
	// Security admission visits them: init containers, containers, ephemeral
	// containers. The order shows in its messages.
	Containers []Container
}

// Annotation is one annotation of a pod.
type Annotation struct{ Key, Value string }

// The annotations that controls read.
const (
	AppArmorAnnotationPrefix         = "container.apparmor.security.beta.kubernetes.io/"
	SeccompPodAnnotation             = "seccomp.security.alpha.kubernetes.io/pod"
	SeccompContainerAnnotationPrefix = "container.seccomp.security.alpha.kubernetes.io/"
)

// Opt is a setting that a manifest may leave out. The zero Opt is left out.
type Opt[T comparable] struct {
	Value T
	Set   bool
}

// Some returns a setting with a value.
func Some[T comparable](value T) Opt[T] { return Opt[T]{Value: value, Set: true} }

// Is reports whether the setting is there and has the value.
func (o Opt[T]) Is(value T) bool { return o.Set && o.Value == value }

// SecurityContext holds the settings that a pod and a container may both make.
type SecurityContext struct {
	RunAsNonRoot Opt[bool]
	RunAsUser    Opt[int64]
	// SeccompProfile and AppArmorProfile are the types of the profiles. They
	// are set, perhaps to "", wherever the profile's object is there.
	SeccompProfile  Opt[string]
	AppArmorProfile Opt[string]
	SELinux         SELinuxOptions
	// HostProcess is windowsOptions.hostProcess.
	HostProcess Opt[bool]
}

// SELinuxOptions are the seLinuxOptions that a control reads.
type SELinuxOptions struct{ Type, User, Role string }

// ContainerKind says in which list of a pod a container stands.
type ContainerKind uint8

// The kinds of containers, in the order in which they are visited.
const (
	InitContainer ContainerKind = iota
	RegularContainer
	EphemeralContainer
)

// String returns the kind's name in reports: "initContainer", "container" or
// "ephemeralContainer".
func (k ContainerKind) String() string {
	switch k {
	case InitContainer:
		return "initContainer"
	case RegularContainer:
		return "container"
	case EphemeralContainer:
		return "ephemeralContainer"
	}
	return "invalid"
}

// Field returns the name of the pod's list that holds containers of the kind,
// such as "initContainers".
func (k ContainerKind) Field() string { return k.String() + "s" }

// Container is what controls read of one container.
type Container struct {
	Name string
	Kind ContainerKind
	// Index is the container's place in its own list, from 0.
	Index int

	SecurityContext          SecurityContext
	Privileged               Opt[bool]
	AllowPrivilegeEscalation Opt[bool]
	ProcMount                Opt[string]
	// AddedCapabilities and DroppedCapabilities are capabilities.add and
	// capabilities.drop, in order.
	AddedCapabilities, DroppedCapabilities []string
	// HostPorts are the ports whose hostPort is not 0, in order.
	HostPorts []HostPort
	// Hosts are the non-empty hosts of probes and lifecycle handlers, in order
	// of their HostField.
	Hosts []Host
}

// HostPort is one port of a container that is opened on the node.
type HostPort struct {
	// Index is the port's place in the container's ports, from 0.
	Index int
	Port  int32
}

// Host is the host to which a probe or lifecycle handler connects.
type Host struct {
	Field HostField
	Value string
}

// HostField names one of the places in a container where a probe or lifecycle
// handler states a host.
type HostField uint8

// The places of a host, in the order in which they are visited.
const (
	LivenessHTTP HostField = iota
	LivenessTCP
	ReadinessHTTP
	ReadinessTCP
	StartupHTTP
	StartupTCP
	PostStartHTTP
	PostStartTCP
	PreStopHTTP
	PreStopTCP
	numHostFields
)

var hostPaths = [numHostFields]string{
	"livenessProbe.httpGet.host", "livenessProbe.tcpSocket.host",
	"readinessProbe.httpGet.host", "readinessProbe.tcpSocket.host",
	"startupProbe.httpGet.host", "startupProbe.tcpSocket.host",
	"lifecycle.postStart.httpGet.host", "lifecycle.postStart.tcpSocket.host",
	"lifecycle.preStop.httpGet.host", "lifecycle.preStop.tcpSocket.host",
}

// Path returns the place as a path below the container, such as
// "livenessProbe.httpGet.host".
func (f HostField) Path() string { return hostPaths[f] }

// Volume is what controls read of one volume.
type Volume struct {
	Name string
	// Sources are the kinds of source that the volume states. The API allows
	// one; a volume with none counts as an unknown one, which restricted
	// refuses.
	Sources VolumeSources
}

// VolumeSources is a set of kinds of volume source.
type VolumeSources uint32

// The kinds of volume source. Those up to VolumeSecret are allowed by the
// restricted level; the others follow in the order in which Pod Security
// admission looks for them when it names a forbidden volume.
const (
	VolumeConfigMap VolumeSources = 1 << iota
	VolumeCSI
	VolumeDownwardAPI
	VolumeEmptyDir
	VolumeEphemeral
	VolumeImage
	VolumePersistentVolumeClaim
	VolumeProjected
	VolumeSecret
	VolumeHostPath
	VolumeGCEPersistentDisk
	VolumeAWSElasticBlockStore
	VolumeGitRepo
	VolumeNFS
	VolumeISCSI
	VolumeGlusterfs
	VolumeRBD
	VolumeFlexVolume
	VolumeCinder
	VolumeCephFS
	VolumeFlocker
	VolumeFC
	VolumeAzureFile
	VolumeVsphereVolume
	VolumeQuobyte
	VolumeAzureDisk
	VolumePhotonPersistentDisk
	VolumePortworxVolume
	VolumeScaleIO
	VolumeStorageOS
)

// volumeFields are the sources' names in the API, by bit.
var volumeFields = [...]string{
	"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
	"hostPath", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs", "iscsi", "glusterfs", "rbd", "flexVolume",
	"cinder", "cephfs", "flocker", "fc", "azureFile", "vsphereVolume", "quobyte", "azureDisk", "photonPersistentDisk",
	"portworxVolume", "scaleIO", "storageos",
}

// Fields returns what the API calls the kinds in the set, such as "hostPath".
func (s VolumeSources) Fields() []string {
	var names []string
	for i, f := range volumeFields {
		if s&(1<<i) != 0 {
			names = append(names, f)
		}
	}
	return names
}

// VolumeSource returns the kind of source that the API calls by the name, such
// as "hostPath", and 0 if there is none of that name.
func VolumeSource(field string) VolumeSources {
	for i, f := range volumeFields {
		if f == field {
			return 1 << i
		}
	}
	return 0
}
