package generate

import (
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// allowedSources are the fields of corev1.VolumeSource that restricted allows.
var allowedSources = []string{
	"ConfigMap", "CSI", "DownwardAPI", "EmptyDir", "Ephemeral", "Image", "PersistentVolumeClaim", "Projected", "Secret",
}

// sources returns the names of all fields of corev1.VolumeSource, allowed by
// restricted or not.
func sources(allowed bool) []string {
	var names []string
	t := reflect.TypeFor[corev1.VolumeSource]()
	for i := range t.NumField() {
		if slices.Contains(allowedSources, t.Field(i).Name) == allowed {
			names = append(names, t.Field(i).Name)
		}
	}
	return names
}

// volumes makes the volumes of a pod.
func (g *Generator) volumes() []corev1.Volume {
	if g.chance(40) {
		return nil
	}
	volumes := make([]corev1.Volume, g.IntN(4))
	for i := range volumes {
		volumes[i] = g.volume()
	}
	return volumes
}

func (g *Generator) volume() corev1.Volume {
	v := corev1.Volume{Name: g.name()}
	switch {
	case g.violatesBaseline():
		g.setSource(&v, "HostPath")
		if g.chance(20) {
			g.setSource(&v, pick(g, sources(true)...))
		}
	case g.violatesRestricted():
		for range pick(g, 1, 1, 1, 2, 3) {
			source := pick(g, sources(false)...)
			if source == "HostPath" {
				continue // baseline's
			}
			g.setSource(&v, source)
		}
	case g.mood != wild && g.chance(90), g.chance(50):
		g.setSource(&v, pick(g, sources(true)...))
	default: // no source at all: the API server makes it an emptyDir
	}
	return v
}

// setSource fills one source of the volume, by the name of its field.
func (g *Generator) setSource(v *corev1.Volume, name string) {
	f := reflect.ValueOf(&v.VolumeSource).Elem().FieldByName(name)
	f.Set(reflect.New(f.Type().Elem()))
	if g.chance(50) {
		return
	}
	switch {
	case v.HostPath != nil:
		v.HostPath.Path = g.oneOf("/", "/var/run/docker.sock", "/etc", "/var/log/../..")
		v.HostPath.Type = optional(g, corev1.HostPathUnset, corev1.HostPathSocket)
	case v.EmptyDir != nil:
		v.EmptyDir.Medium = corev1.StorageMediumMemory
		v.EmptyDir.SizeLimit = optional(g, resource.MustParse("1Gi"), resource.MustParse("100m"))
	case v.CSI != nil:
		v.CSI.Driver = g.oneOf("csi.example.com", "secrets-store.csi.k8s.io")
		v.CSI.VolumeAttributes = map[string]string{"hostPath": "/"}
	case v.FlexVolume != nil:
		v.FlexVolume.Driver = g.oneOf("example/lvm", "example/cifs")
	case v.Projected != nil:
		v.Projected.Sources = g.projections()
	case v.Secret != nil:
		v.Secret.SecretName, v.Secret.DefaultMode = "s", pointer(int32(0o644))
	case v.Image != nil:
		v.Image.Reference = "example.com/image"
	}
}

// projections are sources of a service account's token, as the API server gives
// it to pods, and some that are nearly so.
func (g *Generator) projections() []corev1.VolumeProjection {
	token := &corev1.ServiceAccountTokenProjection{Path: "token", Audience: g.oneOf("", "", "vault")}
	root := &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: g.oneOf("kube-root-ca.crt", "kube-root-ca.crt", "other")}}
	files := &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{
		Path:     "namespace",
		FieldRef: &corev1.ObjectFieldSelector{APIVersion: g.oneOf("", "v1"), FieldPath: g.oneOf("metadata.namespace", "metadata.namespace", "metadata.name")},
	}}}
	sources := []corev1.VolumeProjection{{ServiceAccountToken: token}, {ConfigMap: root}, {DownwardAPI: files}}
	if g.chance(30) {
		sources = append(sources, corev1.VolumeProjection{}, corev1.VolumeProjection{Secret: &corev1.SecretProjection{}})
	}
	return sources
}
