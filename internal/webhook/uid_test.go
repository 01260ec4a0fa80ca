package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/webhook"
)

// echo puts the name of the pod into all that an answer can hold, so that a
// mixture of two answers shows.
func echo(_ context.Context, req admission.Request) admission.Decision {
	if req.Name[len(req.Name)-1]%2 == 0 {
		return admission.Decision{Allowed: true}
	}
	return admission.Decision{
		Code: 403, Reason: "Forbidden", Message: req.Name + " " + string(req.Object),
		Warnings: []string{req.Name}, Annotations: []admission.Annotation{{Key: "k", Value: req.Name}},
	}
}

// check says what is wrong with the answer that echo gives.
func check(a answer, uid, name, object string) error {
	r := a.Response
	if r.UID != uid {
		return fmt.Errorf("the answer to %s has the UID %s", uid, r.UID)
	}
	allowed := name[len(name)-1]%2 == 0
	if r.Allowed != allowed {
		return fmt.Errorf("%s: allowed is %v", uid, r.Allowed)
	}
	if allowed {
		return nil
	}
	if r.Status.Message != name+" "+object || r.Warnings[0] != name || r.AuditAnnotations["k"] != name {
		return fmt.Errorf("the answer to %s is another's: %+v", uid, r)
	}
	return nil
}

// clients lets so many clients call ask so often, with a number of their own
// each time, and returns the first error of each.
func clients(n, requests int, ask func(client, request int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for client := range n {
		all.Go(func() {
			for request := range requests {
				if errs[client] = ask(client, request); errs[client] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// input returns a request of its own for a client.
func input(client, request int) (uid, name, object, body string) {
	uid = fmt.Sprintf("uid-%d-%d", client, request)
	name = fmt.Sprintf("pod-%d-%d", client, request)
	// The lengths differ, so that what is left in a buffer would show.
	object = fmt.Sprintf(`{"x":"%s"}`, strings.Repeat(string(rune('a'+client%26)), (client*31+request*17)%3000))
	return uid, name, object, review(uid, name, object)
}

func TestNoAnswerCarriesAnotherUIDOverTLS(t *testing.T) {
	t.Parallel()
	r := serve(t, webhook.HandlerOptions{Decider: decider(echo)}, webhook.ServerOptions{})
	for _, http2 := range []bool{false, true} {
		client := r.client(t, http2)
		err := clients(64, 500, func(n, request int) error {
			uid, name, object, body := input(n, request)
			a, err := ask(t.Context(), client, r.url, body)
			if err != nil {
				return err
			}
			return check(a, uid, name, object)
		})
		if err != nil {
			t.Errorf("HTTP/2 %v: %v", http2, err)
		}
	}
}
