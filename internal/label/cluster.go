package label

import (
	"fmt"

	"github.com/gabion-security/gabion/internal/inventory"
)

// SameCluster returns an error unless what was made for one cluster, a plan or
// undo data, may be used in another one. Clusters are told apart by the uid of
// their system namespace; only where one of them is not known do addresses
// count, which one cluster may have several of: so force lets that pass.
func SameCluster(made, here inventory.Cluster, force bool) error {
	switch {
	case made == (inventory.Cluster{}): // manifests are of no cluster
		return nil
	case made.UID != "" && here.UID != "" && made.UID != here.UID:
		if made.Address == here.Address {
			return fmt.Errorf("it is for another cluster, which was at %s, too", here.Address)
		}
		return fmt.Errorf("it is for the cluster %s, and this is %s; --context chooses another", made.Address, here.Address)
	case made.UID != "" && made.UID == here.UID, made.Address == here.Address, force:
		return nil
	}
	return fmt.Errorf("it is for %s, and nobody knows whether %s is the same cluster; --force takes it to be", made.Address, here.Address)
}
