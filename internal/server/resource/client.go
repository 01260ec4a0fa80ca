package resource

import (
	"context"
	"encoding/json"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
)

// FieldManager is who writes, as the API server keeps it.
const FieldManager = "gabion"

// Client reads and writes objects in JSON. Errors are those of the API server,
// so that k8s.io/apimachinery/pkg/api/errors knows them.
type Client struct {
	rest       *rest.RESTClient
	parameters runtime.ParameterCodec
	dryRun     bool
}

// NewClient returns a Client. Nothing is sent to the API server yet.
func NewClient(config *rest.Config) (*Client, error) {
	scheme := runtime.NewScheme()
	if err := admissionregistrationv1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	config = rest.CopyConfig(config)
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.GroupVersion = &admissionregistrationv1.SchemeGroupVersion // for its options
	config.APIPath = "/apis"                                          // paths are absolute all the same
	config.ContentType = runtime.ContentTypeJSON
	c, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("a client of the API server: %w", err)
	}
	return &Client{rest: c, parameters: runtime.NewParameterCodec(scheme)}, nil
}

// DryRun returns a client whose writes the API server answers as if, and keeps
// nothing of.
func (c *Client) DryRun() *Client {
	dry := *c
	dry.dryRun = true
	return &dry
}

// Get reads the object at a path into a value.
func (c *Client) Get(ctx context.Context, path string, into any) error {
	return finish(c.rest.Get().AbsPath(path).Do(ctx), into)
}

// Create makes an object in the collection at a path and returns what became of
// it in into, which may be nil.
func (c *Client) Create(ctx context.Context, collection string, object, into any) error {
	return c.send(ctx, c.rest.Post().AbsPath(collection).SetHeader("Content-Type", runtime.ContentTypeJSON), object, into)
}

// Replace writes the whole object at a path. With a resourceVersion in it, it is
// a conflict if somebody else has written it since.
func (c *Client) Replace(ctx context.Context, path string, object, into any) error {
	return c.send(ctx, c.rest.Put().AbsPath(path).SetHeader("Content-Type", runtime.ContentTypeJSON), object, into)
}

// Apply writes the fields of an object at a path by server-side apply, takes
// them from whoever else has written them, and makes the object if there is none.
func (c *Client) Apply(ctx context.Context, path string, object, into any) error {
	r := c.rest.Patch(types.ApplyYAMLPatchType).AbsPath(path).Param("force", "true") // JSON is YAML
	return c.send(ctx, r, object, into)
}

// Merge changes the object at a path by a JSON merge patch.
func (c *Client) Merge(ctx context.Context, path string, patch, into any) error {
	return c.send(ctx, c.rest.Patch(types.MergePatchType).AbsPath(path), patch, into)
}

// MergeStrategic changes the object at a path by a strategic merge patch, which
// only kinds of Kubernetes itself have.
func (c *Client) MergeStrategic(ctx context.Context, path string, patch, into any) error {
	return c.send(ctx, c.rest.Patch(types.StrategicMergePatchType).AbsPath(path), patch, into)
}

// Delete deletes the object at a path, and what depends on it in the background.
func (c *Client) Delete(ctx context.Context, path string) error {
	body, err := json.Marshal(metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)})
	if err != nil {
		return err
	}
	r := c.rest.Delete().AbsPath(path).SetHeader("Content-Type", runtime.ContentTypeJSON)
	if c.dryRun {
		r = r.Param("dryRun", metav1.DryRunAll)
	}
	return r.Body(body).Do(ctx).Error()
}

// Watch tells what happens to the object of a name in a collection after a
// version of it. The object is a webhook configuration.
func (c *Client) Watch(ctx context.Context, collection, name, version string) (watch.Interface, error) {
	o := metav1.ListOptions{
		Watch: true, FieldSelector: "metadata.name=" + name, ResourceVersion: version, AllowWatchBookmarks: true,
		TimeoutSeconds: new(int64(300)),
	}
	return c.rest.Get().AbsPath(collection).VersionedParams(&o, c.parameters).Watch(ctx)
}

func (c *Client) send(ctx context.Context, r *rest.Request, object, into any) error {
	body, err := json.Marshal(object)
	if err != nil {
		return err
	}
	r = r.Param("fieldManager", FieldManager).Body(body)
	if c.dryRun {
		r = r.Param("dryRun", metav1.DryRunAll)
	}
	return finish(r.Do(ctx), into)
}

func finish(result rest.Result, into any) error {
	if err := result.Error(); err != nil {
		return err // Raw would leave out what the answer says
	}
	if into == nil {
		return nil
	}
	text, err := result.Raw()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("reading the API server's answer: %w", err)
	}
	return nil
}
