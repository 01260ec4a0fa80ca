package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/inventory"
)

// resource is a resource of the API that is listed.
type resource struct {
	group, version, plural string
	clusterScoped          bool
	// custom marks what need not be there, and what another server may answer
	// for.
	custom bool
}

// name is what the resource is called with its group, "deployments.apps".
func (r resource) name() string {
	if r.group == "" {
		return r.plural
	}
	return r.plural + "." + r.group
}

// apiVersion is what its objects state.
func (r resource) apiVersion() string {
	if r.group == "" {
		return r.version
	}
	return r.group + "/" + r.version
}

// path is where the API server has it, in one namespace or, for "", in all.
func (r resource) path(namespace string) string {
	path := "/apis/" + r.group
	if r.group == "" {
		path = "/api"
	}
	path += "/" + r.version
	if namespace != "" && !r.clusterScoped {
		path += "/namespaces/" + namespace
	}
	return path + "/" + r.plural
}

// scopes are the namespaces in which a resource is listed, "" for all at once.
func (l *lister) scopes(r resource) []string {
	if r.clusterScoped || len(l.Namespaces) == 0 {
		return []string{""}
	}
	return l.Namespaces
}

// page fetches a page of a list and returns its metadata and how many objects
// it has.
type page func(ctx context.Context, path string, o *metav1.ListOptions) (meta metav1.ListInterface, n int, err error)

// pages lists a resource page by page. What may not be listed is missing.
func (l *lister) pages(ctx context.Context, r resource, fetch page) error {
	done := 0
	l.Progress(Progress{Resource: r.name()})
	for _, namespace := range l.scopes(r) {
		o := metav1.ListOptions{Limit: pageSize}
		for {
			info, n, err := fetch(ctx, r.path(namespace), &o)
			if token := resumption(err); token != "" {
				o.Continue = token
				continue
			}
			if why := refusal(ctx, r, err); why != "" {
				l.missing(r, namespace, why)
				break
			}
			if err != nil {
				return fmt.Errorf("listing %s: %w", r.name(), err)
			}
			done += n
			l.progress(r, done, info.GetRemainingItemCount())
			if o.Continue = info.GetContinue(); o.Continue == "" {
				break
			}
		}
	}
	return nil
}

// missing reports a resource that may not be listed.
func (l *lister) missing(r resource, namespace, why string) {
	l.rest.Missing = append(l.rest.Missing, inventory.Missing{Resource: r.name(), Namespace: namespace, Reason: why})
}

func (l *lister) progress(r resource, done int, remaining *int64) {
	total := done
	if remaining != nil {
		total += int(*remaining)
	}
	l.Progress(Progress{Resource: r.name(), Done: done, Total: total})
}

// resumption returns the token with which a list goes on that took so long that
// the API server has forgotten the state it began with.
func resumption(err error) string {
	var status apierrors.APIStatus
	if !apierrors.IsResourceExpired(err) || !errors.As(err, &status) {
		return ""
	}
	return status.Status().Continue
}

// refusal returns, in one line, why the API server does not list a resource,
// and "" for an answer that is no refusal but a failure.
func refusal(ctx context.Context, r resource, err error) string {
	if ctx.Err() != nil {
		return ""
	}
	switch {
	case apierrors.IsForbidden(err):
	case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
	case r.custom && isStatus(err) && !apierrors.IsUnauthorized(err):
		// Whatever answers for it fails: another API server, or a webhook that
		// converts versions.
	default:
		return ""
	}
	return oneLine(err)
}

// typedPage returns how a page of a built-in kind is fetched, as protobuf.
func (l *lister) typedPage(newList func() runtime.Object, take func(runtime.Object) error) page {
	return func(ctx context.Context, path string, o *metav1.ListOptions) (metav1.ListInterface, int, error) {
		list := newList()
		err := l.client.Get().AbsPath(path).VersionedParams(o, l.client.parameters).Do(ctx).Into(list)
		if err != nil {
			return nil, 0, err
		}
		info, err := meta.ListAccessor(list)
		if err != nil {
			return nil, 0, err
		}
		if info.GetResourceVersion() == "" { // something answers that is no API server
			return nil, 0, errors.New("the answer is no list")
		}
		n := 0
		err = meta.EachListItem(list, func(whole runtime.Object) error {
			n++
			return take(whole)
		})
		return info, n, err
	}
}

// rawPage returns how a page is fetched as JSON, item by item.
func (l *lister) rawPage(take func(json.RawMessage) error) page {
	return func(ctx context.Context, path string, o *metav1.ListOptions) (metav1.ListInterface, int, error) {
		var list struct {
			Metadata metav1.ListMeta   `json:"metadata"`
			Items    []json.RawMessage `json:"items"`
		}
		if err := l.client.json(ctx, path, o, &list); err != nil {
			return nil, 0, err
		}
		for _, item := range list.Items {
			if err := take(item); err != nil {
				return nil, 0, err
			}
		}
		return &list.Metadata, len(list.Items), nil
	}
}

// json fetches what stands at a path and reads it as JSON.
func (c *client) json(ctx context.Context, path string, o *metav1.ListOptions, to any) error {
	r := c.Get().AbsPath(path).SetHeader("Accept", "application/json")
	if o != nil {
		r = r.VersionedParams(o, c.parameters)
	}
	text, err := answer(ctx, r)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// answer sends a request and returns what comes back. An error has the API
// server's words, which those of DoRaw have not.
func answer(ctx context.Context, r *rest.Request) ([]byte, error) {
	result := r.Do(ctx)
	if err := result.Error(); err != nil {
		return nil, err
	}
	return result.Raw()
}
