package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/internal/inventory"
	"github.com/gabion-security/gabion/workload"
	"github.com/gabion-security/gabion/workload/typed"
)

// Asker asks an API server by dry runs. Nothing changes in the cluster.
type Asker struct {
	client *client
	// served are the custom kinds, once somebody has asked for one.
	served []served
}

// NewAsker returns an Asker. Nothing is sent yet.
func NewAsker(config *rest.Config) (*Asker, error) {
	c, err := newClient(config)
	if err != nil {
		return nil, err
	}
	return &Asker{client: c}, nil
}

// Answer is what an API server says to a dry run.
type Answer struct {
	// Warnings are its warnings.
	Warnings []string
	// Denied is why it refuses, if that is a verdict.
	Denied string
	// Unasked is why there is no verdict, if there is none.
	Unasked string
}

// Label asks what the API server says to labels of a namespace. It is a verdict
// if it takes them, or if they are invalid. An error means that it did not
// answer.
func (a *Asker) Label(ctx context.Context, namespace string, labels map[string]string) (Answer, error) {
	var heard hearing
	_, err := a.label(ctx, namespace, labels, &heard)
	answer := Answer{Warnings: heard.texts}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return Answer{}, ctx.Err()
	case apierrors.IsInvalid(err):
		answer.Denied = "The " + oneLine(err)
	case isStatus(err):
		answer.Unasked = oneLine(err)
	default:
		return Answer{}, fmt.Errorf("asking the API server about the labels of namespace %q: %w", namespace, err)
	}
	return answer, nil
}

// label sends a dry run of labels, and returns what the namespace would be.
func (a *Asker) label(ctx context.Context, namespace string, labels map[string]string, heard *hearing) ([]byte, error) {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels}})
	if err != nil {
		return nil, err
	}
	result := a.client.Patch(types.MergePatchType).AbsPath("/api/v1/namespaces/"+namespace).
		Param("dryRun", metav1.DryRunAll).Param("fieldManager", "gabion").
		WarningHandlerWithContext(heard).Body(patch).Do(ctx)
	if err := result.Error(); err != nil { // with the details, which Raw does not have
		return nil, err
	}
	return result.Raw()
}

// hearing collects the warnings of one response, as they come.
type hearing struct {
	mu    sync.Mutex
	texts []string
}

// HandleWarningHeaderWithContext takes a warning.
func (w *hearing) HandleWarningHeaderWithContext(_ context.Context, code int, _, text string) {
	if code == 299 && text != "" { // the only one that API servers send
		w.mu.Lock()
		defer w.mu.Unlock()
		w.texts = append(w.texts, text)
	}
}

// refusedByPodSecurity is how Pod Security admission, the API server's or
// Gabion's, refuses a pod.
var refusedByPodSecurity = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(
		`^(?:pods "[^"]*" is forbidden|admission webhook "[^"]*" denied the request): (violates PodSecurity "[a-z]+:[^"]+": .+)$`)
})

// Pod asks what a pod would be that a workload of a namespace makes from one of
// its templates: the view of what the API server would store, with all that was
// injected, or nil if there is no such pod. Denied is then why Pod Security
// refuses it by the labels as they stand; whatever else refuses it is no verdict.
func (a *Asker) Pod(ctx context.Context, namespace string, of workload.Object, path string) (*workload.Template, Answer, error) {
	template, why, err := a.template(ctx, namespace, of, path)
	if err != nil || why != "" {
		return nil, Answer{Unasked: why}, err
	}
	pod := corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, Spec: template.Spec}
	pod.GenerateName = strings.ToLower(of.Name) + "-"
	pod.Labels, pod.Annotations = template.Labels, template.Annotations
	text, err := json.Marshal(&pod)
	if err != nil {
		return nil, Answer{}, err
	}
	var heard hearing
	var stored corev1.Pod
	err = a.client.Post().AbsPath("/api/v1/namespaces/"+namespace+"/pods").Param("dryRun", metav1.DryRunAll).
		WarningHandlerWithContext(&heard).SetHeader("Content-Type", "application/json").Body(text).Do(ctx).Into(&stored)
	answer := Answer{Warnings: heard.texts}
	switch {
	case err == nil:
		view := typed.Pod(&stored, workload.Options{Stored: true})
		return &view, answer, nil
	case ctx.Err() != nil:
		return nil, Answer{}, ctx.Err()
	case !isStatus(err):
		return nil, Answer{}, fmt.Errorf("asking the API server about a pod of %s %s: %w", of.Kind, of.Name, err)
	}
	message := oneLine(err)
	if found := refusedByPodSecurity().FindStringSubmatch(message); found != nil && apierrors.IsForbidden(err) {
		answer.Denied = found[1]
	} else {
		answer.Unasked = message
	}
	return nil, answer, nil
}

// isStatus tells an answer of the API server from the lack of one.
func isStatus(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status)
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// template fetches a workload's template as it stands, or says why there is
// none.
func (a *Asker) template(ctx context.Context, namespace string, of workload.Object, path string) (*corev1.PodTemplateSpec, string, error) {
	r, err := a.resource(ctx, of)
	if err != nil {
		return nil, "", err
	}
	if r.plural == "" {
		return nil, "the API server does not serve " + of.Kind + " in " + of.APIVersion, nil
	}
	var object any
	switch err := a.client.json(ctx, r.path(namespace)+"/"+of.Name, nil, &object); {
	case isStatus(err):
		return nil, oneLine(err), nil
	case err != nil:
		return nil, "", fmt.Errorf("fetching %s %s: %w", of.Kind, of.Name, err)
	}
	at, ok := lookUp(object, path).(map[string]any)
	switch {
	case ok && at["spec"] != nil:
	case ok && at["containers"] != nil:
		at = map[string]any{"spec": at}
	default:
		return nil, "its controller assembles the pod from other settings", nil
	}
	text, err := json.Marshal(at)
	if err != nil {
		return nil, "", err
	}
	var t corev1.PodTemplateSpec
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, "its template is none: " + oneLine(err), nil
	}
	return &t, "", nil
}

// resource returns where objects of a kind are, the zero resource if nowhere.
func (a *Asker) resource(ctx context.Context, of workload.Object) (resource, error) {
	for _, kind := range workloadKinds() {
		if kind.kind == of.Kind && kind.apiVersion() == of.APIVersion {
			return kind.resource, nil
		}
	}
	if a.served == nil {
		l := lister{client: a.client, rest: new(inventory.Inventory)}
		var err error
		if a.served, err = l.discover(ctx); err != nil {
			return resource{}, err
		}
	}
	for _, kind := range a.served {
		if kind.kind == of.Kind && kind.apiVersion() == of.APIVersion {
			return kind.resource, nil
		}
	}
	return resource{}, nil
}

// pathStep is one step of a path as readers give it: .key, ["key"] or [0].
var pathStep = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:\.?([^.\[]+)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\])`)
})

// lookUp returns what stands at a path of an object, nil if nothing does.
func lookUp(object any, path string) any {
	for path != "" {
		step := pathStep().FindStringSubmatch(path)
		if step == nil {
			return nil
		}
		path = path[len(step[0]):]
		if step[3] != "" {
			list, ok := object.([]any)
			var i int
			if _, err := fmt.Sscan(step[3], &i); err != nil || !ok || i >= len(list) {
				return nil
			}
			object = list[i]
			continue
		}
		fields, ok := object.(map[string]any)
		if !ok {
			return nil
		}
		object = fields[step[1]+step[2]]
	}
	return object
}
