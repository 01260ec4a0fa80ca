package cluster

import (
	"context"

	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/workload"
)

// Parts are parts of a cluster that a [Lister] lists. Namespaces are always
// listed.
type Parts uint8

// The parts.
const (
	// Pods are the pods that exist, and everything that makes pods.
	Pods Parts = 1 << iota
	// Access is who may do what: RBAC and service accounts, and which custom
	// resources hold pods.
	Access
	// Policies are PodSecurityPolicies, where the API server has them.
	Policies
)

// ListOptions say what is listed.
type ListOptions struct {
	// Parts are the parts; none means Pods.
	Parts Parts
	// Namespaces are the only ones that count, all if there are none. Roles and
	// bindings of the whole cluster are listed all the same.
	Namespaces []string
	// Paths are where custom resources hold pods, beside what package workload
	// knows and what schemas say.
	Paths []workload.TemplatePath
	// Extra reads what profiles and PodSecurityPolicy look at, too. Where there are
	// objects of the group gabion.io, which are listed first, it is read in any case.
	Extra bool
	// Progress, if there is one, is told before the first page and after every one
	// how far the list of a resource has come.
	Progress func(Progress)
}

// Progress is how far the list of one resource has come.
type Progress struct {
	Resource string
	// Done is how many objects have come. Total is how many there are, as far
	// as the API server says; at least Done.
	Done, Total int
}

// List lists what a live cluster contains. Every object goes to add, which must
// not keep it; everything else goes into rest. What may not be listed is
// rest.Missing. An error means that the API server did not answer, or not as one
// does, and that nothing may be concluded from what has been listed.
func List(ctx context.Context, config *rest.Config, o ListOptions, rest *inventory.Inventory, add func(*workload.Item)) error {
	l, err := newLister(config, o, rest, add)
	if err != nil {
		return err
	}
	return l.list(ctx)
}

// lister is a list of a cluster that is being made.
type lister struct {
	ListOptions

	client *client
	rest   *inventory.Inventory
	add    func(*workload.Item)
}

func newLister(config *rest.Config, o ListOptions, into *inventory.Inventory, add func(*workload.Item)) (*lister, error) {
	config = rest.CopyConfig(config)
	config.WarningHandler = rest.NoWarnings{} // of versions that will be gone one day
	c, err := newClient(config)
	if err != nil {
		return nil, err
	}
	if o.Parts == 0 {
		o.Parts = Pods
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	return &lister{ListOptions: o, client: c, rest: into, add: add}, nil
}

func (l *lister) list(ctx context.Context) error {
	server, err := l.client.server(ctx, oldestListed)
	if err != nil {
		return err
	}
	l.rest.Server, l.rest.Only = inventory.Server(server), l.Namespaces
	if l.rest.Cluster, err = l.client.cluster(ctx); err != nil {
		return err
	}
	if err := l.documents(ctx); err != nil {
		return err
	}
	if err := l.namespaces(ctx); err != nil {
		return err
	}
	for _, part := range []struct {
		part Parts
		list func(context.Context) error
	}{
		{Pods, l.workloads},
		{Pods | Access, l.customResources},
		{Access, l.access},
		{Policies, l.policies},
	} {
		if l.Parts&part.part == 0 {
			continue
		}
		if err := part.list(ctx); err != nil {
			return err
		}
	}
	return nil
}

// namespaces lists the namespaces, or fetches those that count.
func (l *lister) namespaces(ctx context.Context) error {
	if len(l.Namespaces) == 0 {
		return l.each(ctx, namespaceKind())
	}
	for _, name := range l.Namespaces {
		if err := l.namespace(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
