package faults_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// direct asks a server as an API server does, past the API server.
type direct struct {
	client *http.Client
	url    string
}

// inTime is how long an API server waits for an answer. What takes longer on a
// busy machine is waited for by tests all the same, up to patience.
const inTime, patience = 5 * time.Second, time.Minute

// askDirectly returns a client of a server at an address whose credentials are
// in a folder.
func askDirectly(t *testing.T, address, dir string, http2 bool) *direct {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "tls.crt"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatal("no certificate")
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2)
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		Protocols:           protocols,
		MaxIdleConnsPerHost: 64,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &direct{&http.Client{Transport: transport}, "https://" + address + "/validate?timeout=5s"}
}

// post sends a body and returns the status and the text of the answer.
func (d *direct) post(ctx context.Context, body io.Reader) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, body)
	if err != nil {
		return 0, "", err
	}
	if sized, ok := body.(interface{ Len() int }); ok { // as an API server says it
		req.ContentLength = int64(sized.Len())
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := d.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), errors.Join(err, resp.Body.Close())
}

// ask sends a review and returns the answer to it.
func (d *direct) ask(ctx context.Context, r *admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
	body, err := reviewOf(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	status, text, err := d.post(ctx, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", status, text)
	}
	return responseTo(r, text)
}

// reviewOf returns what is sent to ask a request.
func reviewOf(r *admissionv1.AdmissionRequest) ([]byte, error) {
	return json.Marshal(&admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: r,
	})
}

// responseTo reads the answer to a request.
func responseTo(r *admissionv1.AdmissionRequest, text string) (*admissionv1.AdmissionResponse, error) {
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal([]byte(text), &review); err != nil {
		return nil, fmt.Errorf("%w in %q", err, text)
	}
	if review.Response == nil || review.Response.UID != r.UID {
		return nil, fmt.Errorf("not an answer to %s: %s", r.UID, text)
	}
	return review.Response, nil
}

// creation returns the request to create an object.
func creation(t *testing.T, uid, namespace, resource string, o runtime.Object) *admissionv1.AdmissionRequest {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return &admissionv1.AdmissionRequest{
		UID: types.UID(uid), Operation: admissionv1.Create, Name: "p", Namespace: namespace,
		Kind:     metav1.GroupVersionKind{Version: "v1", Kind: o.GetObjectKind().GroupVersionKind().Kind},
		Resource: metav1.GroupVersionResource{Version: "v1", Resource: resource},
		Object:   runtime.RawExtension{Raw: raw},
	}
}
