package cluster

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	"github.com/gabion-security/gabion/workload/typed"
)

// builtin is one of Kubernetes' own kinds.
type builtin struct {
	resource

	kind    string
	newList func() runtime.Object
}

func namespaceKind() builtin {
	return builtin{
		resource{version: "v1", plural: "namespaces", clusterScoped: true}, "Namespace",
		func() runtime.Object { return new(corev1.NamespaceList) },
	}
}

// workloadKinds are the kinds that bear pods. Pods come last: one that is made
// while the others are listed then has its maker.
func workloadKinds() []builtin {
	core := func(plural, kind string, newList func() runtime.Object) builtin {
		return builtin{resource{version: "v1", plural: plural}, kind, newList}
	}
	apps := func(plural, kind string, newList func() runtime.Object) builtin {
		return builtin{resource{group: "apps", version: "v1", plural: plural}, kind, newList}
	}
	batch := func(plural, kind string, newList func() runtime.Object) builtin {
		return builtin{resource{group: "batch", version: "v1", plural: plural}, kind, newList}
	}
	return []builtin{
		core("podtemplates", "PodTemplate", func() runtime.Object { return new(corev1.PodTemplateList) }),
		core("replicationcontrollers", "ReplicationController", func() runtime.Object { return new(corev1.ReplicationControllerList) }),
		apps("daemonsets", "DaemonSet", func() runtime.Object { return new(appsv1.DaemonSetList) }),
		apps("deployments", "Deployment", func() runtime.Object { return new(appsv1.DeploymentList) }),
		apps("replicasets", "ReplicaSet", func() runtime.Object { return new(appsv1.ReplicaSetList) }),
		apps("statefulsets", "StatefulSet", func() runtime.Object { return new(appsv1.StatefulSetList) }),
		batch("cronjobs", "CronJob", func() runtime.Object { return new(batchv1.CronJobList) }),
		batch("jobs", "Job", func() runtime.Object { return new(batchv1.JobList) }),
		core("pods", "Pod", func() runtime.Object { return new(corev1.PodList) }),
	}
}

// workloads lists the built-in kinds that bear pods.
func (l *lister) workloads(ctx context.Context) error {
	for _, kind := range workloadKinds() {
		if err := l.each(ctx, kind); err != nil {
			return err
		}
	}
	return nil
}

// each lists a built-in kind.
func (l *lister) each(ctx context.Context, kind builtin) error {
	return l.pages(ctx, kind.resource, l.typedPage(kind.newList, func(whole runtime.Object) error {
		return l.object(kind, whole)
	}))
}

// namespace fetches one namespace. One that may not be fetched is there, as far
// as is known: what is in it may be listed all the same.
func (l *lister) namespace(ctx context.Context, name string) error {
	kind := namespaceKind()
	var whole corev1.Namespace
	err := l.client.Get().AbsPath(kind.path("") + "/" + name).Do(ctx).Into(&whole)
	switch {
	case err == nil:
		return l.object(kind, &whole)
	case apierrors.IsNotFound(err):
		return fmt.Errorf("there is no namespace %q in the cluster", name)
	}
	why := refusal(ctx, kind.resource, err)
	if why == "" {
		return fmt.Errorf("fetching namespace %q: %w", name, err)
	}
	l.missing(kind.resource, name, why)
	return nil
}

// object takes an object of a built-in kind.
func (l *lister) object(kind builtin, whole runtime.Object) error {
	about, ok := whole.(metav1.Object)
	if !ok {
		return fmt.Errorf("%T instead of a %s", whole, kind.kind)
	}
	item := workload.Item{
		Kubernetes: true, Controller: controllerOf(about),
		Object: workload.Object{
			APIVersion: kind.apiVersion(), Kind: kind.kind, Namespace: about.GetNamespace(), Name: about.GetName(),
		},
	}
	if kind.kind == "Namespace" {
		item.Labels = about.GetLabels()
		l.add(&item)
		return nil
	}
	t, wrong := typed.Object(whole, workload.Options{Stored: true, Extra: l.Extra})
	if wrong != nil {
		item.Outcome, item.Err = workload.Broken, wrong
	} else {
		unifyTokenVolume(&t)
		item.Outcome, item.Templates = workload.Read, []workload.Template{t}
	}
	l.add(&item)
	return nil
}

// controllerOf returns the owner that controls an object. Its UID is left out:
// names say enough, and are the same from whatever source.
func controllerOf(o metav1.Object) workload.Owner {
	for _, owner := range o.GetOwnerReferences() {
		if owner.Controller != nil && *owner.Controller {
			return workload.Owner{APIVersion: owner.APIVersion, Kind: owner.Kind, Name: owner.Name}
		}
	}
	return workload.Owner{}
}

// tokenVolume is how the names of the volumes begin by which the API server
// gives pods the token of their service account. What follows is made up.
const tokenVolume = "kube-api-access-"

// unifyTokenVolume gives that volume one name in all pods, or no two replicas
// would look the same. Nothing objects to such a volume, so nobody reads it.
func unifyTokenVolume(t *workload.Template) {
	for i := range t.Pod.Volumes {
		v := &t.Pod.Volumes[i]
		if v.Sources != pss.VolumeProjected || !strings.HasPrefix(v.Name, tokenVolume) {
			continue
		}
		from, to := v.Name, strings.TrimSuffix(tokenVolume, "-")
		v.Name = to
		if t.Extra != nil {
			renameMounts(t.Extra, from, to)
		}
	}
}

func renameMounts(x *workload.Extra, from, to string) {
	for i := range x.Containers {
		for j := range x.Containers[i].VolumeMounts {
			if m := &x.Containers[i].VolumeMounts[j]; m.Name == from {
				m.Name = to
			}
		}
	}
}
