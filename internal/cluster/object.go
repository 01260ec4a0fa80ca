package cluster

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gabion-security/gabion/workload"
	"github.com/gabion-security/gabion/workload/typed"
)

// object is what remains of a namespace, pod, document or CustomResourceDefinition. It is as much of a
// [runtime.Object] as reflectors need, and is never changed.
type object struct {
	name, namespace, version string

	labels map[string]string // of a namespace
	view   *view             // of a pod
	json   []byte            // of a document
	status []byte            // of a document
	// generation is that of a document.
	generation int64
	custom     *customKind // of a definition that is established
}

var (
	_ runtime.Object            = (*object)(nil)
	_ metav1.ObjectMetaAccessor = (*object)(nil)
)

// GetObjectKind returns a kind that nobody asks for.
func (*object) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// DeepCopyObject returns the object itself.
func (o *object) DeepCopyObject() runtime.Object { return o }

// GetObjectMeta returns the metadata that reflectors read. It is made when asked
// for: an object is kept longer than the few moments in which that happens.
func (o *object) GetObjectMeta() metav1.Object {
	return &metav1.ObjectMeta{Name: o.name, Namespace: o.namespace, ResourceVersion: o.version}
}

// reduce turns a whole object into what remains of it.
type reduce func(runtime.Object) (*object, error)

func reduceNamespace(whole runtime.Object) (*object, error) {
	n, ok := whole.(*corev1.Namespace)
	if !ok {
		return nil, fmt.Errorf("%T instead of a namespace", whole)
	}
	return &object{name: n.Name, version: n.ResourceVersion, labels: n.Labels}, nil
}

// reducePod returns a function that reduces pods and lets equal ones share what
// remains of them. With extras, what exceptions look at remains too.
func reducePod(all *views, more *extras) reduce {
	return func(whole runtime.Object) (*object, error) {
		p, ok := whole.(*corev1.Pod)
		if !ok {
			return nil, fmt.Errorf("%T instead of a pod", whole)
		}
		t := typed.Pod(p, workload.Options{Stored: true, Extra: more != nil})
		for i := range t.Pod.Volumes {
			t.Pod.Volumes[i].Name = "" // that of a token is another one in each replica, and nobody asks
		}
		v := view{pod: t.Pod, runtimeClass: t.RuntimeClass}
		if more != nil {
			v.extra = more.share(excepted(t.Extra))
		}
		return &object{name: p.Name, namespace: p.Namespace, version: p.ResourceVersion, view: all.share(v)}, nil
	}
}

// excepted returns what exceptions look at.
func excepted(x *workload.Extra) workload.Extra {
	kept := workload.Extra{
		Labels: x.Labels, ServiceAccount: x.ServiceAccount,
		Volumes: make([]workload.VolumeExtra, len(x.Volumes)), Containers: make([]workload.ContainerExtra, len(x.Containers)),
	}
	for i := range x.Volumes {
		kept.Volumes[i].HostPath = x.Volumes[i].HostPath
	}
	for i := range x.Containers {
		kept.Containers[i].Image = x.Containers[i].Image
	}
	return kept
}
