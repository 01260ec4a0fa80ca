package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/internal/policy"
)

// exceptionsIn returns what an inventory says of exceptions, and of nothing else.
func exceptionsIn(inv *inventory.Inventory) *inventory.Inventory {
	only := &inventory.Inventory{Unexcepted: inv.Unexcepted}
	for _, d := range inv.Documents {
		if d.Kind == v1alpha1.KindPodSecurityException {
			only.Documents = append(only.Documents, d)
		}
	}
	return only
}

// exceptionsOfCluster returns the exceptions of an inventory. One that cannot be read
// is an error: nothing is said of half of them.
func exceptionsOfCluster(inv *inventory.Inventory) ([]policy.Placed, *exception.Set, error) {
	if inv.Unexcepted != "" {
		return nil, nil, fmt.Errorf("the exceptions of the cluster could not be listed: %s", inv.Unexcepted)
	}
	all := objectsOf(exceptionsIn(inv))
	if len(all.ExceptionFaults) > 0 {
		return nil, nil, errors.New("an object of the cluster: " + all.ExceptionFaults[0])
	}
	sound := make([]*exception.Exception, len(all.Exceptions))
	for i := range all.Exceptions {
		sound[i] = all.Exceptions[i].Exception
	}
	set, err := exception.NewSet(sound)
	return all.Exceptions, set, err
}

// liveExceptions returns the exceptions of a live cluster.
func liveExceptions(ctx context.Context, config *rest.Config) ([]policy.Placed, *exception.Set, error) {
	var found inventory.Inventory
	if err := cluster.ListDocuments(ctx, config, &found); err != nil {
		return nil, nil, fmt.Errorf("listing what is in %s: %w", cluster.Address(config), err)
	}
	slices.SortFunc(found.Documents, inventory.Document.Compare)
	return exceptionsOfCluster(&found)
}
