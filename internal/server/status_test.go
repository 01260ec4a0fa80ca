package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/admission"
	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/metrics"
	"github.com/gabion-security/gabion/internal/policy"
)

// board is a cluster with one object, whose status replicas write. What they see of
// it is always the latest.
type board struct {
	t      *testing.T
	now    time.Time
	object cluster.Object
	stand  standing
	unread int64 // generations that replicas have not read yet
	writes []time.Time
	fail   error
}

func newBoard(t *testing.T, kind string) *board {
	b := &board{t: t, now: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), stand: standing{reason: v1alpha1.ReasonInForce, message: "It counts."}}
	b.object = cluster.Object{Kind: kind, Name: "x", Version: "1", Generation: 1, StatusSince: b.now}
	return b
}

// patch accepts what is about the version that there is.
func (b *board) patch(_ context.Context, path string, patch any) error {
	if b.fail != nil {
		return b.fail
	}
	text, err := json.Marshal(patch)
	if err != nil {
		b.t.Fatal(err)
	}
	var what struct {
		Metadata struct{ ResourceVersion string } `json:"metadata"`
		Status   json.RawMessage                  `json:"status"`
	}
	if err := json.Unmarshal(text, &what); err != nil {
		b.t.Fatal(err)
	}
	if want := "/apis/gabion.io/v1alpha1/" + strings.ToLower(b.object.Kind) + "s/x/status"; path != want {
		b.t.Errorf("%s is written, want %s", path, want)
	}
	if what.Metadata.ResourceVersion != b.object.Version {
		return apierrors.NewConflict(schema.GroupResource{}, "x", errors.New("another version"))
	}
	b.object.Version += "1"
	b.object.Status, b.object.StatusSince = what.Status, b.now
	b.writes = append(b.writes, b.now)
	return nil
}

func (b *board) replica() *reporter {
	return &reporter{
		objects: func() []cluster.Object { return []cluster.Object{b.object} },
		standings: func() standings {
			stand := b.stand
			stand.generation = b.object.Generation - b.unread
			return standings{metrics.Document{Kind: b.object.Kind, Name: "x"}: stand}
		},
		uses: newUses(func() time.Time { return b.now }), patch: b.patch, now: func() time.Time { return b.now }, log: slog.New(slog.DiscardHandler),
	}
}

// pass has the replicas look once a second.
func (b *board) pass(d time.Duration, replicas ...*reporter) {
	for end := b.now.Add(d); b.now.Before(end); b.now = b.now.Add(time.Second) {
		for _, r := range replicas {
			r.look(b.t.Context())
		}
	}
}

func (b *board) status() v1alpha1.PodSecurityExceptionStatus {
	var s v1alpha1.PodSecurityExceptionStatus
	if err := json.Unmarshal(b.object.Status, &s); err != nil {
		b.t.Fatalf("%s: %v", b.object.Status, err)
	}
	return s
}

func (b *board) workloads() string {
	var text []string
	for _, w := range b.status().Workloads {
		text = append(text, w.Kind+" "+w.Namespace+"/"+w.Name)
	}
	return strings.Join(text, ", ")
}

// ready is what the condition Ready says.
func (b *board) ready() string {
	for _, c := range b.status().Conditions {
		if c.Type == v1alpha1.ConditionReady {
			return string(c.Status) + " " + c.Reason
		}
	}
	return ""
}

func web(i int) admission.Workload {
	return admission.Workload{Namespace: "shop", Kind: "deployment.apps", Name: fmt.Sprintf("web-%02d", i)}
}

func TestTheStatusOfAnExceptionIsWrittenAtMostOnceAMinute(t *testing.T) {
	t.Parallel()
	b := newBoard(t, v1alpha1.KindPodSecurityException)
	one, two := b.replica(), b.replica()
	begin := b.now
	for i := range 600 { // ten minutes in which both use it
		one.uses.LogUses([]string{"x"}, web(i%3))
		two.uses.LogUses([]string{"x"}, web(3+i%2))
		b.pass(time.Second, one, two)
	}
	if len(b.writes) != 10 || !b.writes[0].Equal(begin) {
		t.Errorf("there are %d writes, the first %s after the beginning", len(b.writes), b.writes[0].Sub(begin))
	}
	for i := 1; i < len(b.writes); i++ {
		if gap := b.writes[i].Sub(b.writes[i-1]); gap < time.Minute {
			t.Errorf("write %d comes %s after the one before", i, gap)
		}
	}
	if got := strings.Count(b.workloads(), "deployment.apps shop/web-0"); got != 5 {
		t.Errorf("after ten minutes the status names %s", b.workloads())
	}
}

// TestNoUseIsLostWhicheverReplicaSawIt has replicas of which the first always comes
// first.
func TestNoUseIsLostWhicheverReplicaSawIt(t *testing.T) {
	t.Parallel()
	b := newBoard(t, v1alpha1.KindPodSecurityException)
	replicas := []*reporter{b.replica(), b.replica(), b.replica()}
	b.pass(time.Second, replicas...)
	for i, r := range replicas {
		r.uses.LogUses([]string{"x"}, web(i))
	}
	used := metav1.NewTime(b.now)
	b.pass(4*time.Minute, replicas...)
	if want := "deployment.apps shop/web-00, deployment.apps shop/web-01, deployment.apps shop/web-02"; b.workloads() != want {
		t.Errorf("got %s, want %s", b.workloads(), want)
	}
	if s := b.status(); !s.LastUsed.Equal(&used) || !s.Workloads[2].LastUsed.Equal(&used) {
		t.Errorf("last used %v and %v, want %v", s.LastUsed, s.Workloads[2].LastUsed, used)
	}
	writes := len(b.writes)
	b.pass(time.Hour, replicas...)
	if len(b.writes) != writes || writes != 4 {
		t.Errorf("%d writes, and %d an hour later, want four: each replica's, after the conditions", writes, len(b.writes))
	}
}

func TestTheStatusNamesTheWorkloadsThatWereLast(t *testing.T) {
	t.Parallel()
	b := newBoard(t, v1alpha1.KindPodSecurityException)
	r := b.replica()
	for i := range 50 {
		b.now = b.now.Add(time.Second)
		r.uses.LogUses([]string{"x"}, web(i))
	}
	b.pass(2*time.Minute, r)
	for i := range 10 {
		r.uses.LogUses([]string{"x"}, web(i))
		b.now = b.now.Add(time.Second)
	}
	b.pass(2*time.Minute, r)
	all := b.status().Workloads
	if len(all) != v1alpha1.MaxExceptedWorkloads || all[0].Name != "web-09" || all[9].Name != "web-00" || all[10].Name != "web-49" || all[19].Name != "web-40" {
		t.Errorf("got %s", b.workloads())
	}
}

func TestTheConditionsSayHowADocumentStands(t *testing.T) {
	t.Parallel()
	b := newBoard(t, v1alpha1.KindPodSecurityException)
	b.stand.ends = b.now.Add(5 * time.Minute)
	one, two := b.replica(), b.replica()
	b.pass(time.Second, one, two)
	first := b.status()
	if b.ready() != "True InForce" || first.ObservedGeneration != 1 || first.Conditions[1].Type != "Expired" || first.Conditions[1].Status != "False" || first.LastUsed != nil {
		t.Errorf("got %+v", first)
	}
	b.pass(4*time.Minute, one, two)
	if diff := cmp.Diff(first, b.status()); diff != "" || len(b.writes) != 1 {
		t.Errorf("it was written %d times: %s", len(b.writes), diff)
	}
	b.pass(time.Minute+time.Second, one, two)
	if got := b.status(); b.ready() != "False Expired" || got.Conditions[1].Status != "True" || got.Conditions[1].LastTransitionTime.Equal(&first.Conditions[1].LastTransitionTime) {
		t.Errorf("after its end: %+v", got)
	}

	b.object.Generation, b.object.Version, b.unread = 2, "new", 1 // a change of the spec is not kept waiting
	before := len(b.writes)
	b.pass(time.Second, one, two)
	if len(b.writes) != before {
		t.Errorf("a generation that nobody has read is written about: %s", b.ready())
	}
	b.unread = 0
	b.stand = standingOf(b.object.Kind, errors.New("spec.controls is wrong"), time.Time{})
	b.pass(time.Second, one, two)
	if got := b.status(); b.ready() != "False Invalid" || got.ObservedGeneration != 2 || len(got.Conditions) != 1 || !strings.HasSuffix(got.Conditions[0].Message, "and is none: spec.controls is wrong") {
		t.Errorf("of a broken one: %+v", got)
	}
	b.object.Gone = true
	writes := len(b.writes)
	b.stand = standing{reason: v1alpha1.ReasonInForce}
	b.pass(5*time.Minute, one, two)
	if len(b.writes) != writes {
		t.Error("what is not there is written")
	}
}

func TestOtherDocumentsDoNotWaitLongForWhatTheyName(t *testing.T) {
	t.Parallel()
	b := newBoard(t, v1alpha1.KindPodSecurityGuard)
	r := b.replica()
	b.stand = standing{reason: v1alpha1.ReasonProfileMissing, message: "m"}
	b.pass(time.Second, r)
	if b.ready() != "False ProfileMissing" {
		t.Errorf("got %s", b.ready())
	}
	b.stand = standing{reason: v1alpha1.ReasonInForce, message: "It counts."}
	b.pass(6*time.Second, r)
	if b.ready() != "True InForce" || len(b.writes) != 2 {
		t.Errorf("got %s by %d writes", b.ready(), len(b.writes))
	}
}

// TestWhatCannotBeWrittenIsTriedAgainNowAndThen and is not lost.
func TestWhatCannotBeWrittenIsTriedAgainNowAndThen(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"nobody may":  apierrors.NewForbidden(schema.GroupResource{}, "x", nil),
		"it is gone":  apierrors.NewNotFound(schema.GroupResource{}, "x"),
		"a conflict":  apierrors.NewConflict(schema.GroupResource{}, "x", nil),
		"a time-out":  errors.New("timeout"),
		"it is wrong": apierrors.NewInvalid(schema.GroupKind{}, "x", nil),
	} {
		b := newBoard(t, v1alpha1.KindPodSecurityException)
		tries, told := 0, strings.Builder{}
		r := b.replica()
		r.log = slog.New(slog.NewTextHandler(&told, nil))
		r.patch = func(ctx context.Context, path string, patch any) error { tries++; return b.patch(ctx, path, patch) }
		r.uses.LogUses([]string{"x"}, web(0))
		b.fail = err
		b.pass(10*time.Minute, r)
		if tries != 10 || strings.Count(told.String(), "level=WARN") > 1 {
			t.Errorf("%s: %d tries in ten minutes, and the log has %s", name, tries, told.String())
		}
		b.fail = nil
		b.pass(time.Minute+time.Second, r)
		if b.workloads() != "deployment.apps shop/web-00" {
			t.Errorf("%s: afterwards the status names %q", name, b.workloads())
		}
	}
}

func TestUsesOfWhatIsGoneAreForgotten(t *testing.T) {
	t.Parallel()
	b := newBoard(t, v1alpha1.KindPodSecurityException)
	r := b.replica()
	r.uses.LogUses([]string{"x", "other"}, web(0))
	b.pass(time.Second, r)
	if len(r.uses.all) != 0 {
		t.Errorf("%v is kept", r.uses.all)
	}
}

func TestStandingsSayWhatIsMissingAndWhatIsThereTwice(t *testing.T) {
	t.Parallel()
	run := newComposing()
	run.setFolder(folderOf(t, map[string]string{"a.yaml": excepted("twice") + "---\n" + guardA}))
	named := strings.Replace(guardB, "spec: {", "spec: {profile: nowhere, ", 1)
	run.setObjects((&policy.ObjectReader{}).Read(objectsOf(t, named, guardA, excepted("twice"), excepted("once"), strings.Replace(excepted("wrong"), "privileged", "privilege", 1))), nil)
	got := map[string]string{}
	for at, s := range run.standings() {
		got[at.Kind+" "+at.Name] = s.reason
	}
	want := map[string]string{
		"PodSecurityGuard b": v1alpha1.ReasonProfileMissing, "PodSecurityGuard a": v1alpha1.ReasonInForce,
		"PodSecurityException twice": v1alpha1.ReasonNameTaken, "PodSecurityException once": v1alpha1.ReasonInForce, "PodSecurityException wrong": v1alpha1.ReasonInvalid,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	unread := []document.Ref{{Kind: "PodSecurityException", Name: "wrong"}, {Kind: "PodSecurityException", Name: "twice"}}
	if diff := cmp.Diff(unread, run.used.Unread); diff != "" {
		t.Error(diff)
	}
}
