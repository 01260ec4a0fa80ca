package faults_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/e2e/serve"
)

// Two configurations that differ in all that they say.
const (
	configurationHead = "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n"

	configurationA = configurationHead + "exemptions: {usernames: [alice]}\n" +
		"defaults: {enforce: baseline, enforce-version: v1.20, warn: restricted, warn-version: v1.20}\n"
	configurationB = configurationHead + "exemptions: {usernames: [bob]}\n" +
		"defaults: {enforce: restricted, enforce-version: v1.30, audit: baseline, audit-version: v1.25}\n"
)

// The configurations that an answer may follow, as bits.
const followsA, followsB, followsEither = 1, 2, 3

// TestEveryAnswerFollowsOneConfigurationWhileItIsReplaced asks without a pause
// while the file is replaced, also by what is none.
func TestEveryAnswerFollowsOneConfigurationWhileItIsReplaced(t *testing.T) {
	t.Parallel()
	namespace(t, plane, "configured", "")
	dir := t.TempDir()
	file := filepath.Join(dir, "c.yaml")
	write := func(text string) {
		t.Helper()
		next := filepath.Join(dir, "next")
		if err := errors.Join(os.WriteFile(next, []byte(text), 0o600), os.Rename(next, file)); err != nil {
			t.Fatal(err)
		}
	}
	write(configurationA)
	s := serve.Start(t, plane, gabion, "configured", plane.Kubeconfig(), append(serve.Credentials(t, dir), "--config="+file)...)
	questions := newQuestions(t, askDirectly(t, s.Admission, dir, false))
	questions.learn(t, followsA)
	write(configurationB)
	metric(t, s, `gabion_configuration_reloads_total{result="success"} 1`)
	questions.learn(t, followsB)
	for i, want := range questions.want[followsA] {
		if want == questions.want[followsB][i] {
			t.Fatalf("both configurations lead to the answer %s", want)
		}
	}

	questions.allowed.Store(followsB)
	end := questions.load(t)
	successes, failures := 1, 0
	replace := func(text string, follows int32) {
		t.Helper()
		questions.allowed.Store(followsEither)
		write(text)
		successes++
		metric(t, s, fmt.Sprintf(`gabion_configuration_reloads_total{result="success"} %d`, successes))
		questions.allowed.Store(follows)
		more(t, "answers by the new configuration", &questions.answered, 50)
	}
	spoil := func(text string) {
		t.Helper()
		write(text)
		failures++
		metric(t, s, fmt.Sprintf(`gabion_configuration_reloads_total{result="failure"} %d`, failures))
		metric(t, s, "gabion_configuration_last_reload_successful 0")
		if _, err := s.Get(t.Context(), "/readyz"); err != nil {
			t.Errorf("with a broken file: %v", err)
		}
		more(t, "answers by the old configuration", &questions.answered, 50)
	}
	replace(configurationA, followsA)
	spoil("\x00\xff garbage")
	spoil("")
	spoil(configurationB[:len(configurationB)-10])
	replace(configurationB, followsB)
	spoil(strings.Replace(configurationA, "baseline", "lax", 1))
	replace(configurationA, followsA)
	if err := end(); err != nil {
		t.Errorf("of %d answers, one was: %v", questions.answered.Load(), err)
	}
	text, err := os.ReadFile(s.Log)
	if n := strings.Count(string(text), "the new configuration cannot be used, the old one stays"); err != nil || n != failures {
		t.Errorf("the log tells of %d broken files, want %d (%v)", n, failures, err)
	}
}

// questions are what is asked again and again, with the answers by each
// configuration.
type questions struct {
	direct   *direct
	asked    []*admissionv1.AdmissionRequest
	want     map[int32][]string
	allowed  atomic.Int32
	answered atomic.Int64
}

func newQuestions(t *testing.T, d *direct) *questions {
	t.Helper()
	q := &questions{direct: d, want: map[int32][]string{}}
	for i, user := range []string{"alice", "bob", "carol"} {
		pod := hostPod("p")
		pod.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
		r := creation(t, fmt.Sprint(i), "configured", "pods", pod)
		r.UserInfo = authenticationv1.UserInfo{Username: user}
		q.asked = append(q.asked, r)
	}
	return q
}

// ask returns the answer to a question.
func (q *questions) ask(ctx context.Context, i int) (string, error) {
	got, err := q.direct.ask(ctx, q.asked[i])
	if err != nil {
		return "", err
	}
	return got.String(), nil
}

// learn asks all that there is to be asked while one configuration is in use.
func (q *questions) learn(t *testing.T, follows int32) {
	t.Helper()
	for i := range q.asked {
		got, err := q.ask(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		q.want[follows] = append(q.want[follows], got)
	}
}

// load asks until the function that it returns is called, which returns the
// first answer that follows none of the configurations that are allowed.
func (q *questions) load(t *testing.T) func() error {
	t.Helper()
	errs := make([]error, 4)
	var done atomic.Bool
	var clients sync.WaitGroup
	for client := range errs {
		clients.Go(func() {
			for i := client; !done.Load() && errs[client] == nil; i++ {
				errs[client] = q.check(t.Context(), i%len(q.asked))
			}
		})
	}
	return func() error {
		done.Store(true)
		clients.Wait()
		return errors.Join(errs...)
	}
}

// check asks a question, and says if the answer follows a configuration that
// was in use neither before nor after.
func (q *questions) check(ctx context.Context, i int) error {
	allowed := q.allowed.Load()
	got, err := q.ask(ctx, i)
	allowed |= q.allowed.Load()
	switch {
	case err != nil:
		return err
	case allowed&followsA != 0 && got == q.want[followsA][i], allowed&followsB != 0 && got == q.want[followsB][i]:
		q.answered.Add(1)
		return nil
	}
	return fmt.Errorf("%s, while %v were allowed", got, allowed)
}
