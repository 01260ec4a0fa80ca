package main

import (
	"encoding/json"
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// reviewNamespace enforces restricted.
const reviewNamespace = "shop"

// reviewOfSize returns an AdmissionReview of so many bytes, for the
// creation of a pod that meets restricted, or one without a security context.
func reviewOfSize(size int, allowed bool) ([]byte, error) {
	pod := passingPod()
	pod.Namespace = reviewNamespace
	pod.Spec.Volumes = nil
	c := &pod.Spec.Containers[0]
	c.VolumeMounts, c.Ports, c.LivenessProbe, c.Resources = nil, nil, nil, corev1.ResourceRequirements{}
	c.SecurityContext.ReadOnlyRootFilesystem = nil
	if !allowed {
		pod.Spec.SecurityContext, c.SecurityContext = nil, nil
	}
	c.Env = []corev1.EnvVar{{Name: "SHOP_URL", Value: "x"}}
	for {
		text, err := reviewOf(pod)
		missing := size - len(text)
		switch {
		case err != nil || missing == 0:
			return text, err
		case missing < 0:
			return nil, fmt.Errorf("the smallest review has %d bytes, not %d", len(text), size)
		case missing < 100: // that is no more setting
			c.Env[0].Value += strings.Repeat("x", missing)
		default:
			for range missing / 100 { // what one takes is less
				c.Env = append(c.Env, corev1.EnvVar{
					Name: fmt.Sprintf("SHOP_SETTING_%02d", len(c.Env)), Value: "https://settings.example.com/",
				})
			}
		}
	}
}

// reviewOf returns what an API server sends when a pod is created.
func reviewOf(pod *corev1.Pod) ([]byte, error) {
	object, err := json.Marshal(pod)
	if err != nil {
		return nil, err
	}
	kind := metav1.GroupVersionKind{Version: "v1", Kind: "Pod"}
	resource := metav1.GroupVersionResource{Version: "v1", Resource: "pods"}
	return json.Marshal(&admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID:  "705ab4f5-6393-11e8-b7cc-42010a800002",
			Kind: kind, Resource: resource, RequestKind: &kind, RequestResource: &resource,
			Name: pod.Name, Namespace: pod.Namespace, Operation: admissionv1.Create,
			UserInfo: authenticationv1.UserInfo{
				Username: "system:serviceaccount:kube-system:replicaset-controller",
				Groups:   []string{"system:serviceaccounts", "system:authenticated"},
			},
			Object: runtime.RawExtension{Raw: object},
			DryRun: new(false),
		},
	})
}
