package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// podNamespace is the namespace of all pods of a podServer.
const podNamespace = "shop"

// podServer is as much of an API server as the cache of gabion serve asks: it
// lists one namespace and its pods page by page, and its watches stay silent.
type podServer struct{ pods, templates int }

func (p *podServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case query.Has("sendInitialEvents"): // lists that come as a watch are not for everyone
		w.WriteHeader(http.StatusUnprocessableEntity)
		writeObject(w, metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
			Status:   metav1.StatusFailure, Reason: metav1.StatusReasonInvalid, Code: http.StatusUnprocessableEntity,
		})
	case query.Has("watch"):
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	case strings.HasSuffix(r.URL.Path, "/namespaces"):
		writeObject(w, corev1.NamespaceList{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NamespaceList"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"},
			Items: []corev1.Namespace{{ObjectMeta: metav1.ObjectMeta{Name: podNamespace}}},
		})
	default:
		from, _ := strconv.Atoi(query.Get("continue"))
		limit, _ := strconv.Atoi(query.Get("limit"))
		writeObject(w, p.page(from, limit))
	}
}

// page returns pods from the one of a number on; all without a limit.
func (p *podServer) page(from, limit int) *corev1.PodList {
	list := &corev1.PodList{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"},
	}
	end := p.pods
	if limit > 0 && from+limit < end {
		end = from + limit
		list.Continue = strconv.Itoa(end)
	}
	for i := from; i < end; i++ {
		pod := failingPod()
		pod.Name, pod.Namespace = fmt.Sprintf("checkout-service-6f7b5c9d84-%06d", i), podNamespace
		pod.Spec.Containers[0].Name = fmt.Sprintf("app-%d", i%p.templates)
		list.Items = append(list.Items, *pod)
	}
	return list
}

// writeObject writes an object. Who went away before its end finds out by itself.
func writeObject(w http.ResponseWriter, object any) {
	text, err := json.Marshal(object)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(text)
}
