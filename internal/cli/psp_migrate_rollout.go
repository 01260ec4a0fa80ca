package cli

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// rollout is what is read of a Deployment or a StatefulSet.
type rollout struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		UpdateStrategy appsv1.StatefulSetUpdateStrategy `json:"updateStrategy"`
	} `json:"spec"`
	Status struct {
		ObservedGeneration int64 `json:"observedGeneration"`
		Replicas           int32 `json:"replicas"`
		UpdatedReplicas    int32 `json:"updatedReplicas"`
	} `json:"status"`
}

// goesOn reports whether there are pods of an older template, which would be made
// anew of it. With OnDelete the new one counts for every pod that is made.
func (r *rollout) goesOn() bool {
	return r.Status.Replicas > 0 && r.Spec.UpdateStrategy.Type != appsv1.OnDeleteStatefulSetStrategyType &&
		(r.Status.ObservedGeneration < r.Metadata.Generation || r.Status.UpdatedReplicas < r.Status.Replicas)
}

// rolledOut reports whether no workload of a namespace is being rolled out, and says
// what is left as it is if one is. As long
// as one is, pods are made of its template from before, which policies have to
// change; the other kinds make every pod of the template that they have.
func (a *applying) rolledOut(ctx context.Context, object, namespace string) (bool, error) {
	var going []string
	for _, kind := range []string{"Deployment", "StatefulSet"} {
		var list struct {
			Items []rollout `json:"items"`
		}
		err := a.client.Get(ctx, path.Clean(fmt.Sprintf(patchedKinds()["apps/v1 "+kind].path, namespace)), &list)
		var status apierrors.APIStatus
		if errors.As(err, &status) {
			a.refuse(object, "nobody knows what is being rolled out: "+err.Error(), "somebody who may list that has to do it, as printed above")
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("listing what is rolled out in namespace %q: %w", namespace, err)
		}
		for i := range list.Items {
			if r := &list.Items[i]; r.goesOn() {
				going = append(going, strings.ToLower(kind)+".apps/"+r.Metadata.Name)
			}
		}
	}
	if len(going) > 0 {
		a.refuse(object, "pods of older templates would be refused, or change, while these are being rolled out: "+strings.Join(going, ", "), "run it again once that is done")
	}
	return len(going) == 0, nil
}
