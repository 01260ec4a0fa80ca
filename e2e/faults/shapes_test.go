package faults_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gabion-security/gabion/e2e/serve"
)

// repeated returns a text again and again, separated by commas, up to a size.
func repeated(size int, text func(i int) string) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(text(i))
	}
	return b.String()
}

// always is the same text again and again.
func always(text string) func(int) string { return func(int) string { return text } }

// floodWith sends a body many times at once. Each must be turned away, also as too large
// if that may be, or answered well, and soon. What is returned waits for all.
func floodWith(t *testing.T, s *serve.Server, dir string, body []byte, tooLarge bool, answered func(text string)) *sync.WaitGroup {
	t.Helper()
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			begun := time.Now()
			status, text, err := askDirectly(t, s.Admission, dir, false).post(t.Context(), bytes.NewReader(body))
			switch {
			case err != nil, status == http.StatusTooManyRequests: // turned away, perhaps while sending
			case status == http.StatusRequestEntityTooLarge && tooLarge:
			case status != http.StatusOK:
				t.Errorf("status %d: %.200s", status, text)
			default:
				answered(text)
			}
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
	return &all
}

// TestNoShapeOfACustomResourceTakesTheMemory sends custom resources of many pods, which
// may share volumes that each of them has to be judged with, many at once.
func TestNoShapeOfACustomResourceTakesTheMemory(t *testing.T) {
	// Not parallel: it takes all the time there is.
	namespace(t, plane, "flows", "")
	namespace(t, plane, "warned-flows", "")
	relabelAs(t, plane, "warned-flows", "warn", "baseline")
	const workflow = `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"name":"w"},"spec":{"volumes":[%s],"templates":[%s]}}`
	templates := func(size int) string { return repeated(size, always(`{"container":{"name":"a"}}`)) }
	volumes := func(size int) string { return repeated(size, always(`{"name":"a"}`)) }
	const job = `{"apiVersion":"kubeflow.org/v1","kind":"TFJob","metadata":{"name":"w"},"spec":{"tfReplicaSpecs":{%s}}}`
	replicas := func(n int) string {
		replica := func(i int) string { return fmt.Sprintf(`"%x":{"template":{"spec":{"containers":[null]}}}`, i) }
		return repeated(n*len(replica(n)), replica)
	}
	for name, object := range map[string]string{
		"some that share volumes":              fmt.Sprintf(workflow, volumes(10<<10), templates(10<<10)),
		"many that share volumes":              fmt.Sprintf(workflow, volumes(7*mib/4), templates(7*mib/4)),
		"as many as are read, that share none": fmt.Sprintf(workflow, "", templates(200<<10)),
		"more than are read":                   fmt.Sprintf(workflow, "", templates(7*mib/2)),
		"as many as are read, in a map":        fmt.Sprintf(job, replicas(8000)),
		"more than are read, in a map":         fmt.Sprintf(job, replicas(90_000)),
	} {
		for _, in := range []string{"flows", "warned-flows"} {
			t.Run(name+" in "+in, func(t *testing.T) {
				l := installed(t)
				s, dir := limited(t, l, in)
				of := `"kind":{"group":"argoproj.io","version":"v1alpha1","kind":"Workflow"},"resource":{"group":"argoproj.io","version":"v1alpha1","resource":"workflows"}`
				if strings.Contains(object, "TFJob") {
					of = `"kind":{"group":"kubeflow.org","version":"v1","kind":"TFJob"},"resource":{"group":"kubeflow.org","version":"v1","resource":"tfjobs"}`
				}
				body := `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u",` + of + `,"name":"w","namespace":"` + in + `","operation":"UPDATE","userInfo":{},` +
					`"object":` + object + `,"oldObject":` + object + `}}`
				asked := &admissionv1.AdmissionRequest{UID: "u"}
				all := floodWith(t, s, dir, []byte(body), true, func(text string) {
					if got, err := responseTo(asked, text); err != nil || !got.Allowed {
						t.Errorf("%v: got %.200s, want that it is allowed: its pods are judged later", err, text)
					}
				})
				all.Wait()
				demandWithin(t, l, s)
			})
		}
	}
}

// TestNoShapeOfABodyTakesTheMemory sends bodies that are small in bytes and large
// once they are read, judged or answered, many at once.
func TestNoShapeOfABodyTakesTheMemory(t *testing.T) {
	// Not parallel: it takes all the time there is.
	namespace(t, plane, "shapes", "restricted")
	const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{%s}}`
	in := func(list string) func(string) string {
		return func(items string) string { return fmt.Sprintf(pod, `"`+list+`":[`+items+`]`) }
	}
	deletes := strings.Repeat("\x7f", 250)
	for _, c := range []struct {
		name   string
		object func(items string) string
		item   func(i int) string
		size   int
		judged bool // they must be, with time enough
	}{
		{"containers as an API server writes them", in("containers"), func(i int) string {
			return fmt.Sprintf(`{"name":"container-%d","image":"example.com/image:1","resources":{},"terminationMessagePath":"/dev/termination-log",`+
				`"terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent","securityContext":{"privileged":true}}`, i)
		}, 7 * mib, true},
		{"empty containers", in("containers"), always("{}"), 2 * mib, false},
		{"more empty containers", in("containers"), always("{}"), 7 * mib, false},
		{"null in the place of containers", in("containers"), always("null"), 23 * mib / 10, false},
		{"empty init containers between spaces", in("initContainers"), always(" {}"), 7 * mib, false},
		{"containers whose names are escaped", in("containers"), always(`{"name":"` + deletes + `"}`), 7 * mib, true},
		{"capabilities", func(items string) string {
			return fmt.Sprintf(pod, `"containers":[{"name":"c","securityContext":{"capabilities":{"add":[`+items+`]}}}]`)
		}, always(`""`), 7 * mib, false},
		{"capabilities that are escaped", func(items string) string {
			return fmt.Sprintf(pod, `"containers":[{"name":"c","securityContext":{"capabilities":{"add":[`+items+`]}}}]`)
		}, always(`"` + deletes + `"`), 7 * mib, true},
		{"ports", func(items string) string {
			return fmt.Sprintf(pod, `"containers":[{"name":"c","ports":[`+items+`]}]`)
		}, always(`{"hostPort":1}`), 7 * mib, false},
		{"volumes", in("volumes"), always("{}"), 7 * mib, false},
		{"annotations", func(items string) string {
			return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","annotations":{` + items + `}},"spec":{"hostPID":true,"containers":[]}}`
		}, func(i int) string { return fmt.Sprintf(`"container.apparmor.security.beta.kubernetes.io/%d":""`, i) }, 7 * mib, true},
		{"labels", func(items string) string {
			return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{` + items + `}},"spec":{"hostPID":true,"containers":[]}}`
		}, func(i int) string { return fmt.Sprintf(`"%d":""`, i) }, 7 * mib, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := installed(t)
			s, dir := limited(t, l, "shapes")
			object := runtime.RawExtension{Raw: []byte(c.object(repeated(c.size/2, c.item)))}
			asked := &admissionv1.AdmissionRequest{UID: "u", Operation: admissionv1.Update, Name: "p", Namespace: "shapes", Object: object, OldObject: object}
			asked.Kind.Version, asked.Kind.Kind, asked.Resource.Version, asked.Resource.Resource = "v1", "Pod", "v1", "pods"
			body := []byte(fmt.Sprintf(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},`+
				`"resource":{"group":"","version":"v1","resource":"pods"},"name":"p","namespace":"shapes","operation":"CREATE","userInfo":{},"object":%s,"oldObject":%s}}`,
				object.Raw, object.Raw))
			all := floodWith(t, s, dir, body, !c.judged, func(text string) {
				if got, err := responseTo(asked, text); err != nil || got.Allowed || len(text) > 4*mib {
					t.Errorf("%v, %d bytes: got %.200s, want that it is refused", err, len(text), text)
				}
			})
			// Meanwhile others get their answers.
			small, _ := large(t, "small", "shapes", 2000, false)
			for range 5 {
				if got, err := askDirectly(t, s.Admission, dir, false).ask(t.Context(), small); err != nil || got.Allowed || got.Result.Code != http.StatusForbidden {
					t.Errorf("during the flood: %+v, %v", got, err)
				}
			}
			all.Wait()
			if c.judged { // now there is time
				status, text, err := askDirectly(t, s.Admission, dir, false).post(t.Context(), bytes.NewReader(body))
				if err != nil || status != http.StatusOK {
					t.Fatalf("after the flood: status %d, %.200s, %v", status, text, err)
				}
				if got, err := responseTo(asked, text); err != nil || got.Allowed {
					t.Errorf("after the flood: %.200s, %v", text, err)
				}
			}
			demandWithin(t, l, s)
		})
	}
}
