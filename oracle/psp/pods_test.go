package psp

import (
	"bytes"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pod makes a pod. Most of what it could set it leaves out.
func (r random) pod() *corev1.Pod {
	pod := &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "pod", Namespace: "ns"},
	}
	s := &pod.Spec
	// The account's token is not the provider's business.
	s.ServiceAccountName, s.AutomountServiceAccountToken = "account", new(false)
	rare := r.IntN(8) + 2
	sets := func() bool { return r.one(rare) }
	s.HostNetwork, s.HostPID, s.HostIPC = r.one(8), r.one(8), r.one(8)
	if !r.one(3) {
		s.SecurityContext = r.podContext(sets)
	}
	if sets() {
		s.RuntimeClassName = pick(r, new("a"), new("b"), new("c"))
	}
	for _, v := range some(r, 3, volumeSources()...) {
		s.Volumes = append(s.Volumes, corev1.Volume{Name: pick(r, "v", "w"), VolumeSource: v})
	}
	for range r.IntN(3) {
		s.InitContainers = append(s.InitContainers, r.container("init", sets))
	}
	for range r.IntN(3) + 1 {
		s.Containers = append(s.Containers, r.container(pick(r, "a", "b"), sets))
	}
	if r.one(5) {
		c := r.container("debug", sets)
		s.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon(c)}}
	}
	r.annotate(pod, sets)
	return pod
}

func (r random) annotate(pod *corev1.Pod, sets func() bool) {
	for _, key := range []string{
		"seccomp.security.alpha.kubernetes.io/pod", "container.seccomp.security.alpha.kubernetes.io/a",
		"container.seccomp.security.alpha.kubernetes.io/init",
	} {
		if sets() {
			metav1.SetMetaDataAnnotation(&pod.ObjectMeta, key, pick(r, seccompProfiles()...))
		}
	}
	for _, name := range []string{"a", "b", "init", "debug"} {
		if sets() {
			metav1.SetMetaDataAnnotation(&pod.ObjectMeta, "container.apparmor.security.beta.kubernetes.io/"+name, pick(r, appArmorProfiles()...))
		}
	}
	if r.one(3) {
		metav1.SetMetaDataAnnotation(&pod.ObjectMeta, "example.com/~other", "x")
	}
}

func ids() []int64 { return []int64{0, 1, 10, 11, 1000} }

// Go's encoding leaves empty lists out, but people write them, and to a policy
// they are not what is left out. These stand for lists that are empty.
const (
	emptyGroup      = -7
	emptyCapability = "EMPTY"
)

// withEmptyLists puts empty lists where the two stand alone, and leaves them
// nowhere else.
func withEmptyLists(pod []byte) []byte {
	pod = bytes.ReplaceAll(pod, []byte("[-7]"), []byte("[]"))
	return bytes.ReplaceAll(pod, []byte(`["EMPTY"]`), []byte("[]"))
}

func (r random) podContext(sets func() bool) *corev1.PodSecurityContext {
	sc := &corev1.PodSecurityContext{}
	if sets() {
		sc.RunAsUser = maybe(r, ids()...)
	}
	if sets() {
		sc.RunAsGroup = maybe(r, ids()...)
	}
	if sets() {
		sc.FSGroup = maybe(r, ids()...)
	}
	if sets() {
		sc.SupplementalGroups = some(r, 2, ids()...)
		if r.one(4) {
			sc.SupplementalGroups = []int64{emptyGroup}
		}
	}
	if sets() {
		sc.RunAsNonRoot = maybe(r, true, false)
	}
	if sets() {
		sc.SELinuxOptions = r.seLinux()
	}
	if sets() {
		sc.SeccompProfile = r.seccomp()
	}
	if sets() {
		for _, name := range some(r, 2, sysctls()...) {
			sc.Sysctls = append(sc.Sysctls, corev1.Sysctl{Name: name, Value: "1"})
		}
	}
	return sc
}

func (r random) seccomp() *corev1.SeccompProfile {
	p := &corev1.SeccompProfile{Type: pick(r,
		corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeUnconfined, corev1.SeccompProfileTypeLocalhost)}
	if p.Type == corev1.SeccompProfileTypeLocalhost {
		p.LocalhostProfile = maybe(r, "a.json", "b.json")
	}
	return p
}

func (r random) container(name string, sets func() bool) corev1.Container {
	c := corev1.Container{Name: name, Image: "example.com/image:1"}
	if r.one(3) {
		c.Ports = []corev1.ContainerPort{{ContainerPort: pick[int32](r, 80, 8080), HostPort: pick[int32](r, 0, 0, 80, 8500, 9001)}}
	}
	if r.one(2) {
		c.VolumeMounts = []corev1.VolumeMount{{Name: pick(r, "v", "w"), MountPath: "/mnt", ReadOnly: r.one(2)}}
	}
	if r.one(4) {
		return c
	}
	sc := &corev1.SecurityContext{}
	c.SecurityContext = sc
	if sets() {
		sc.Privileged = maybe(r, true, false)
	}
	if sets() {
		sc.Capabilities = &corev1.Capabilities{Add: some(r, 2, capabilities()...), Drop: some(r, 2, capabilities()...)}
		if r.one(4) {
			sc.Capabilities.Drop = []corev1.Capability{emptyCapability}
		}
	}
	if sets() {
		sc.RunAsUser = maybe(r, ids()...)
	}
	if sets() {
		sc.RunAsGroup = maybe(r, ids()...)
	}
	if sets() {
		sc.RunAsNonRoot = maybe(r, true, false)
	}
	if sets() {
		sc.ReadOnlyRootFilesystem = maybe(r, true, false)
	}
	if sets() {
		sc.AllowPrivilegeEscalation = maybe(r, true, false)
	}
	if sets() {
		sc.ProcMount = maybe(r, corev1.DefaultProcMount, corev1.UnmaskedProcMount)
	}
	if sets() {
		sc.SELinuxOptions = r.seLinux()
	}
	if sets() {
		sc.SeccompProfile = r.seccomp()
	}
	return c
}

// volumeSources are of every kind that policies tell apart, and of several that
// differ within a kind.
func volumeSources() []corev1.VolumeSource {
	all := []corev1.VolumeSource{
		{},
		{HostPath: &corev1.HostPathVolumeSource{Path: "/var/log/"}},
		{HostPath: &corev1.HostPathVolumeSource{Path: "/var/logs"}},
		{HostPath: &corev1.HostPathVolumeSource{Path: "/var/log/app"}},
		{HostPath: &corev1.HostPathVolumeSource{Path: "/"}},
		{EmptyDir: &corev1.EmptyDirVolumeSource{}},
		{GCEPersistentDisk: &corev1.GCEPersistentDiskVolumeSource{}},
		{AWSElasticBlockStore: &corev1.AWSElasticBlockStoreVolumeSource{}},
		{GitRepo: &corev1.GitRepoVolumeSource{}},
		{Secret: &corev1.SecretVolumeSource{SecretName: "s"}},
		{NFS: &corev1.NFSVolumeSource{}},
		{ISCSI: &corev1.ISCSIVolumeSource{}},
		{Glusterfs: &corev1.GlusterfsVolumeSource{}},
		{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{}},
		{RBD: &corev1.RBDVolumeSource{}},
		{FlexVolume: &corev1.FlexVolumeSource{Driver: "a/b"}},
		{FlexVolume: &corev1.FlexVolumeSource{Driver: "e/f"}},
		{Cinder: &corev1.CinderVolumeSource{}},
		{CephFS: &corev1.CephFSVolumeSource{}},
		{Flocker: &corev1.FlockerVolumeSource{}},
		{DownwardAPI: &corev1.DownwardAPIVolumeSource{}},
		{FC: &corev1.FCVolumeSource{}},
		{AzureFile: &corev1.AzureFileVolumeSource{}},
		{ConfigMap: &corev1.ConfigMapVolumeSource{}},
		{VsphereVolume: &corev1.VsphereVirtualDiskVolumeSource{}},
		{Quobyte: &corev1.QuobyteVolumeSource{}},
		{AzureDisk: &corev1.AzureDiskVolumeSource{}},
		{PhotonPersistentDisk: &corev1.PhotonPersistentDiskVolumeSource{}},
		{PortworxVolume: &corev1.PortworxVolumeSource{}},
		{ScaleIO: &corev1.ScaleIOVolumeSource{}},
		{StorageOS: &corev1.StorageOSVolumeSource{}},
		{CSI: &corev1.CSIVolumeSource{Driver: "csi.a"}},
		{CSI: &corev1.CSIVolumeSource{Driver: "csi.c"}},
		{Ephemeral: &corev1.EphemeralVolumeSource{}},
	}
	for _, sources := range projections() {
		all = append(all, corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: sources}})
	}
	return all
}

// projections are those of a service account's token, and some that are nearly so.
func projections() [][]corev1.VolumeProjection {
	token := func(path, audience string) corev1.VolumeProjection {
		return corev1.VolumeProjection{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: path, Audience: audience}}
	}
	root := func(name string) corev1.VolumeProjection {
		return corev1.VolumeProjection{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: name}}}
	}
	namespace := func(path, version, field string) corev1.VolumeProjection {
		return corev1.VolumeProjection{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{
			{Path: path, FieldRef: &corev1.ObjectFieldSelector{APIVersion: version, FieldPath: field}},
		}}}
	}
	bare := corev1.VolumeProjection{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{Path: "namespace"}}}}
	return [][]corev1.VolumeProjection{
		{token("token", ""), root("kube-root-ca.crt"), namespace("namespace", "v1", "metadata.namespace")},
		{token("token", ""), namespace("namespace", "", "metadata.namespace")},
		{token("token", "vault")},
		{token("other", "")},
		{root("other")},
		{namespace("other", "v1", "metadata.namespace")},
		{namespace("namespace", "v1", "metadata.name")},
		{bare},
		{{Secret: &corev1.SecretProjection{}}},
		{},
	}
}
