package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/webhook"
	"github.com/gabion-security/gabion/pss"
)

// places are namespaces by name, with their labels. There are no pods in them.
type places map[string]map[string]string

func (p places) Labels(_ context.Context, name string) (map[string]string, error) {
	if labels, ok := p.Known(name); ok {
		return labels, nil
	}
	return nil, fmt.Errorf("there is no namespace %s", name)
}

func (p places) Known(name string) (map[string]string, bool) {
	labels, ok := p[name]
	return labels, ok
}

func (places) Pods(context.Context, string) ([]admission.ExistingPod, error) { return nil, nil }

// Stand-ins for what is another one in each request.
const anyUID, anyName = "{uid}", "{name}"

// pattern is a text with stand-ins, cut before and behind each.
type pattern []string

func newPattern(text string) pattern {
	cut := strings.NewReplacer(anyUID, "\x00"+anyUID+"\x00", anyName, "\x00"+anyName+"\x00")
	return strings.Split(cut.Replace(text), "\x00")
}

func (p pattern) appendTo(b, uid, name []byte) []byte {
	for _, part := range p {
		switch part {
		case anyUID:
			b = append(b, uid...)
		case anyName:
			b = append(b, name...)
		default:
			b = append(b, part...)
		}
	}
	return b
}

// caller is a client at the handler itself. It has one request and one answer,
// which are used again and again: what they cost is not what is tested.
type caller struct {
	handler http.Handler
	request *http.Request
	body    bytes.Reader
	header  http.Header
	status  int

	uid, name, question, want, answer []byte
}

func newCaller(ctx context.Context, h http.Handler) (*caller, error) {
	c := &caller{handler: h, header: http.Header{}}
	var err error
	c.request, err = http.NewRequestWithContext(ctx, http.MethodPost, "/validate", io.NopCloser(&c.body))
	if err == nil {
		c.request.Header.Set("Content-Type", "application/json")
	}
	return c, err
}

func (c *caller) Header() http.Header    { return c.header }
func (c *caller) WriteHeader(status int) { c.status = status }

func (c *caller) Write(p []byte) (int, error) {
	c.answer = append(c.answer, p...)
	return len(p), nil
}

// ask sends the question.
func (c *caller) ask() {
	c.body.Reset(c.question)
	c.request.ContentLength = int64(len(c.question))
	clear(c.header)
	c.answer, c.status = c.answer[:0], 0
	c.handler.ServeHTTP(c, c.request)
}

// check asks with a UID and a name of its own, and says what is wrong with the
// answer.
func (c *caller) check(client, request int, question, want pattern) error {
	c.uid = append(strconv.AppendInt(append(c.uid[:0], "uid-"...), int64(client), 10), '-')
	c.uid = strconv.AppendInt(c.uid, int64(request), 10)
	c.name = append(append(c.name[:0], "pod-"...), c.uid...)
	c.question = question.appendTo(c.question[:0], c.uid, c.name)
	c.want = want.appendTo(c.want[:0], c.uid, c.name)
	if c.ask(); c.status != http.StatusOK || !bytes.Equal(c.answer, c.want) {
		return fmt.Errorf("%s got status %d and\n%s, want\n%s", c.uid, c.status, c.answer, c.want)
	}
	return nil
}

// exchange is a question and the answer to it.
type exchange struct{ question, answer pattern }

// exchanges returns questions for each way to an answer, with the answers that a
// single client gets.
func exchanges(t *testing.T, h http.Handler) []exchange {
	t.Helper()
	c, err := newCaller(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	// As short as can be: the race detector looks at every byte.
	plain := `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"` + anyUID + `","operation":"CREATE",` +
		`"kind":{"kind":"Pod"},"resource":{"resource":"pods"},"namespace":"shop","name":"` + anyName + `","userInfo":{"username":"ann"},` +
		`"object":{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a"}]}}}}`
	in := func(namespace string) string { return strings.Replace(plain, `"shop"`, `"`+namespace+`"`, 1) }
	var all []exchange
	for _, q := range []struct{ text, want string }{
		{in("exempt"), `"allowed":true,"auditAnnotations":{"exempt":"namespace"}`},
		{strings.Replace(plain, `"ann"`, `"root"`, 1), `"allowed":true,"auditAnnotations":{"exempt":"user"}`},
		{in("privileged"), `"allowed":true,"auditAnnotations":{"enforce-policy":"privileged:latest"}`},
		{in("warned"), `"warnings":["would violate PodSecurity`},
		{in("baseline"), `"allowed":true,"auditAnnotations":{"enforce-policy":"baseline:latest"}`},
		{in("restricted"), `"allowed":false,"status":{"status":"Failure","message":"pods \"` + anyName + `\" is forbidden: violates`},
		{in("missing"), `"message":"Internal error occurred: failed to lookup namespace \"missing\"`},
		{strings.Replace(plain, `"pods"}`, `"deployments"}`, 1), `"allowed":true`},
	} {
		c.question = []byte(q.text)
		c.ask()
		text := string(c.answer)
		if c.status != http.StatusOK || !strings.Contains(text, `"uid":"`+anyUID+`"`) || !strings.Contains(text, q.want) {
			t.Fatalf("%s\ngot status %d and\n%s\nwant %s", q.text, c.status, text, q.want)
		}
		all = append(all, exchange{newPattern(q.text), newPattern(text)})
	}
	return all
}

// TestEveryAnswerOfMoreThanAMillionIsItsOwn asks what `gabion serve` asks: the
// decisions that need no thought are where upstream's answers got mixed up. With
// -race it takes 75 seconds of processor time, without 7.
func TestEveryAnswerOfMoreThanAMillionIsItsOwn(t *testing.T) {
	t.Parallel()
	const callers, requests = 64, 20_000
	world := places{
		"shop": {}, "privileged": {}, "exempt": {pss.EnforceLabel: "restricted"}, "warned": {pss.WarnLabel: "restricted"},
		"baseline": {pss.EnforceLabel: "baseline", pss.WarnLabel: "privileged"}, "restricted": {pss.EnforceLabel: "restricted"},
	}
	config := admission.DefaultConfig()
	config.Exemptions = admission.NewExemptions([]string{"root"}, []string{"exempt"}, nil)
	controller, err := admission.New(admission.Options{Config: config, Namespaces: world, Pods: world})
	if err != nil {
		t.Fatal(err)
	}
	h, err := webhook.NewHandler(webhook.HandlerOptions{Decider: controller, Reads: controller.Reads})
	if err != nil {
		t.Fatal(err)
	}
	all := exchanges(t, h)
	asking := make([]*caller, callers)
	for i := range asking {
		if asking[i], err = newCaller(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	err = clients(callers, requests, func(client, request int) error {
		e := all[(client+request)%len(all)]
		return asking[client].check(client, request, e.question, e.answer)
	})
	if err != nil {
		t.Error(err)
	}
	if n := h.BytesInFlight(); n != 0 {
		t.Errorf("%d bytes are still in flight", n)
	}
}
