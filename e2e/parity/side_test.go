package parity_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/e2e/cluster"
)

// latencyPrefix begins annotations that say where the time of a slow request
// went: they tell of the machine.
const latencyPrefix = "apiserver.latency.k8s.io/"

// side is one of the two API servers.
type side struct {
	plane *cluster.Cluster
	users map[string]*http.Client
	trail trail
}

func newSide(plane *cluster.Cluster) (*side, error) {
	s := &side{
		plane: plane, users: map[string]*http.Client{},
		trail: trail{log: plane.AuditLog(), events: map[string]cluster.AuditEvent{}},
	}
	for _, user := range []string{ordinaryUser, exemptUser} {
		config, err := plane.ConfigOf(user)
		if err != nil {
			return nil, err
		}
		if s.users[user], err = rest.HTTPClientFor(config); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// ask sends a request under an ID and returns the answer with what the audit log
// says.
func (s *side) ask(ctx context.Context, id string, r *request) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, s.plane.URL()+r.path, bytes.NewReader(r.body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Audit-ID", id)
	req.Header.Set("Content-Type", r.contentType)
	req.Header.Set("Accept", asJSON)
	resp, err := s.users[r.user].Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{Code: resp.StatusCode}
	warnings, errs := utilnet.ParseWarningHeaders(resp.Header.Values("Warning"))
	if len(errs) > 0 {
		return a, fmt.Errorf("warnings %q: %w", resp.Header.Values("Warning"), errs[0])
	}
	for _, w := range warnings {
		a.Warnings = append(a.Warnings, w.Text)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		var status metav1.Status
		if err := json.Unmarshal(body, &status); err != nil {
			return a, fmt.Errorf("a status: %w: %s", err, body)
		}
		a.Reason, a.Message, a.Details = status.Reason, status.Message, status.Details
		if int(status.Code) != resp.StatusCode {
			return a, fmt.Errorf("the code is %s, and in the status %d", resp.Status, status.Code)
		}
	}
	event, err := s.trail.take(ctx, id)
	a.Annotations = event.Annotations
	maps.DeleteFunc(a.Annotations, func(key, _ string) bool { return strings.HasPrefix(key, latencyPrefix) })
	return a, err
}

// markNamespace is relabelled to learn what the API server has heard of.
const markNamespace = "parity-mark"

// mark waits until Pod Security knows every namespace as it was written before
// this call: namespaces are followed in the order of their writes, and the mark
// is written last. No other mark may be on its way.
func (s *side) mark(ctx context.Context, n int64) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	version := fmt.Sprintf("v1.%d", n)
	labels := labelPatch("enforce", "baseline", "enforce-version", version)
	client := s.plane.Client().CoreV1()
	if _, err := client.Namespaces().Patch(ctx, markNamespace, types.MergePatchType, []byte(labels), metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("writing the mark: %w", err)
	}
	probe := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "probe"}, Spec: corev1.PodSpec{
		HostPID: true, Containers: []corev1.Container{{Name: "c", Image: "i"}},
	}}
	for {
		_, err := client.Pods(markNamespace).Create(ctx, probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		switch {
		case err != nil && !apierrors.IsForbidden(err):
			return fmt.Errorf("asking for the mark: %w", err)
		case err != nil && strings.Contains(err.Error(), `violates PodSecurity "baseline:`+version+`"`):
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the mark %s: %w; the last answer was %w", version, ctx.Err(), err)
		case <-time.After(2 * time.Millisecond):
		}
	}
}
