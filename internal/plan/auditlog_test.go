package plan_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/internal/plan"
	"github.com/gabion-security/gabion/pss"
)

// event is an audit event of a pod or workload in the namespace shop.
type event struct {
	user, resource, name string
	code                 int
	message              string
	annotations          map[string]string
	owner                string // KIND/NAME
	stage, uri           string
	at                   string
}

func (e event) line(t *testing.T) string {
	t.Helper()
	group, stage, at := "", "ResponseComplete", "2026-11-20T10:00:00.000000Z"
	switch e.resource {
	case "deployments", "replicasets":
		group = "apps"
	case "jobs":
		group = "batch"
	}
	if e.stage != "" {
		stage = e.stage
	}
	if e.at != "" {
		at = e.at
	}
	object := map[string]any{
		"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "stage": stage, "verb": "create", "requestURI": "/api/v1/x" + e.uri,
		"user": map[string]any{"username": e.user}, "stageTimestamp": at, "annotations": e.annotations,
		"objectRef":      map[string]any{"resource": e.resource, "namespace": "shop", "name": e.name, "apiVersion": "v1", "apiGroup": group},
		"responseStatus": map[string]any{"code": e.code, "message": e.message},
	}
	if kind, name, ok := strings.Cut(e.owner, "/"); ok {
		object["requestObject"] = map[string]any{"metadata": map[string]any{"ownerReferences": []any{
			map[string]any{"apiVersion": "batch/v1", "kind": kind, "name": name, "controller": true},
		}}}
	}
	line, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(line)
}

// would is the annotation of a violation.
func would(policy, sentence string) map[string]string {
	return map[string]string{"pod-security.kubernetes.io/audit-violations": fmt.Sprintf("would violate PodSecurity %q: %s", policy, sentence)}
}

const (
	hostPIDSentence  = "host namespaces (hostPID=true)"
	missingSentence  = `allowPrivilegeEscalation != false (container "app" must set securityContext.allowPrivilegeEscalation=false), runAsNonRoot != true (pod or container "app" must set securityContext.runAsNonRoot=true)`
	jobController    = "system:serviceaccount:kube-system:job-controller"
	rsController     = "system:serviceaccount:kube-system:replicaset-controller"
	deployController = "system:serviceaccount:kube-system:deployment-controller"
)

func read(t *testing.T, lines ...string) *plan.AuditLog {
	t.Helper()
	log := &plan.AuditLog{}
	if err := log.Read(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	return log
}

func TestTheAuditLogAddsWhatNoSnapshotHolds(t *testing.T) {
	t.Parallel()
	restricted := would("restricted:latest", missingSentence)
	for _, tt := range []struct {
		name   string
		events []event
		of     []string
		bears  pss.Level
		want   []string // blockers of restricted
		risk   []string
	}{
		{name: "nothing", bears: pss.Restricted},
		{
			name:   "a pod that is gone",
			events: []event{{user: "alice", resource: "pods", name: "once", code: 201, annotations: restricted}},
			bears:  pss.Baseline, want: []string{"Pod/once 0/0; allowPrivilegeEscalation in the log; runAsNonRoot in the log"},
		},
		{
			name: "a finished Job's pods, under the CronJob that made it",
			events: []event{
				{user: jobController, resource: "pods", name: "night-28394100-abcde", code: 201, annotations: would("restricted:latest", hostPIDSentence)},
				{user: jobController, resource: "pods", name: "night-28395540-fghij", code: 201, annotations: would("restricted:latest", hostPIDSentence)},
			},
			bears: pss.Privileged, want: []string{"CronJob/night 0/0; hostNamespaces in the log"},
		},
		{
			name:   "a Job by the owner that the request names",
			events: []event{{user: jobController, resource: "pods", owner: "Job/import", code: 201, annotations: restricted}},
			bears:  pss.Baseline, want: []string{"Job/import 0/0; allowPrivilegeEscalation in the log; runAsNonRoot in the log"},
		},
		{
			name:   "a sidecar that only pods get, of a CronJob whose template is fine",
			events: []event{{user: jobController, resource: "pods", name: "night-28394100-abcde", code: 201, annotations: restricted}},
			of:     []string{cronJob("night", restrictedSpec)},
			bears:  pss.Baseline, want: []string{"CronJob/night 0/0; allowPrivilegeEscalation in the log; runAsNonRoot in the log"},
		},
		{
			name:   "not a template that fails as much itself",
			events: []event{{user: jobController, resource: "pods", name: "night-28394100-abcde", code: 201, annotations: restricted}},
			of:     []string{cronJob("night", baselineSpec)},
			bears:  pss.Baseline, want: []string{"CronJob/night 0/0; allowPrivilegeEscalation spec.jobTemplate.spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation; capabilities_restricted spec.jobTemplate.spec.template.spec.containers[0].securityContext.capabilities.drop; runAsNonRoot spec.jobTemplate.spec.template.spec.containers[0].securityContext.runAsNonRoot; seccompProfile_restricted spec.jobTemplate.spec.template.spec.containers[0].securityContext.seccompProfile.type"},
		},
		{
			name:   "not a Deployment that has been mended and has pods",
			events: []event{{user: rsController, resource: "pods", name: "web-5d8f-abcde", code: 201, annotations: restricted}},
			of: []string{
				deployment("web", restrictedSpec), replicaSet("web-5d8f", "web", restrictedSpec), podOf("ReplicaSet", "web-5d8f", "web-5d8f-zzzzz", restrictedSpec),
			},
			bears: pss.Restricted,
		},
		{
			name:   "not a workload that was applied and is there to be judged",
			events: []event{{user: "alice", resource: "deployments", name: "web", code: 200, annotations: restricted}},
			of:     []string{deployment("web", restrictedSpec), pod("p", restrictedSpec)},
			bears:  pss.Restricted,
		},
		{
			name: "a rehearsal, an attempt and the same event's other stages do not count",
			events: []event{
				{user: "alice", resource: "pods", name: "a", code: 201, annotations: restricted, uri: "?dryRun=All"},
				{user: "alice", resource: "pods", name: "b", code: 403, annotations: restricted, message: `pods "b" is forbidden: violates PodSecurity "restricted:latest": ` + missingSentence},
				{user: "alice", resource: "pods", name: "c", annotations: restricted, stage: "RequestReceived"},
			},
			bears: pss.Restricted,
		},
		{
			name: "Gabion's webhook has keys of its own",
			events: []event{{user: "alice", resource: "pods", name: "once", code: 201, annotations: map[string]string{
				"enforce.pod-security.gabion.io/audit-violations": `would violate PodSecurity "baseline:latest": ` + hostPIDSentence,
			}}},
			bears: pss.Privileged, want: []string{"Pod/once 0/0; hostNamespaces in the log"},
		},
		{
			name: "a controller's pods that were refused",
			events: []event{{
				user: jobController, resource: "pods", name: "", owner: "Job/import", code: 403, annotations: map[string]string{"pod-security.kubernetes.io/enforce-policy": "restricted:latest"},
				message: `pods "import-abcde" is forbidden: violates PodSecurity "restricted:latest": ` + missingSentence,
			}},
			of:    []string{namespace(enforce + "restricted")},
			bears: pss.Baseline, risk: []string{"Job/import 0/0; allowPrivilegeEscalation in the log; runAsNonRoot in the log"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var lines []string
			for _, e := range tt.events {
				lines = append(lines, e.line(t))
			}
			o := options()
			o.Observed = read(t, lines...)
			of := tt.of
			if len(of) == 0 || !strings.Contains(of[0], "kind: Namespace") {
				of = append([]string{namespace("")}, of...)
			}
			got := only(t, o, of...)
			if got.Strictest != tt.bears {
				t.Errorf("bears %s, want %s", got.Strictest, tt.bears)
			}
			var blockers []plan.Blocker
			if len(got.Steps) > 0 {
				blockers = got.Steps[len(got.Steps)-1].Blockers
			}
			if diff := cmp.Diff(append([]string{}, tt.want...), say(blockers)); diff != "" {
				t.Errorf("blockers (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(append([]string{}, tt.risk...), say(got.AtRisk)); diff != "" {
				t.Errorf("at risk (-want +got):\n%s", diff)
			}
			if o.Observed.Malformed > 0 || o.Observed.Events != len(tt.events) {
				t.Errorf("counted %+v", o.Observed)
			}
		})
	}
}

func TestTheNewestSentenceOfAnObjectCounts(t *testing.T) {
	t.Parallel()
	old := event{user: "a", resource: "pods", name: "p", code: 201, annotations: would("restricted:latest", hostPIDSentence), at: "2026-11-01T00:00:00Z"}
	fresh := event{user: "a", resource: "pods", name: "p", code: 201, annotations: would("restricted:latest", missingSentence), at: "2026-11-02T00:00:00Z"}
	for _, lines := range [][]string{{old.line(t), fresh.line(t)}, {fresh.line(t), old.line(t)}} {
		o := options()
		o.Observed = read(t, lines...)
		got := only(t, o, namespace(""))
		b := got.Steps[0].Blockers[0]
		if got.Strictest != pss.Baseline || b.Seen != 2 || b.LastSeen.Day() != 2 {
			t.Errorf("bears %s, %+v", got.Strictest, b)
		}
	}
	o := options()
	o.Observed = &plan.AuditLog{Since: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)}
	if err := o.Observed.Read(strings.NewReader(old.line(t) + "\n" + fresh.line(t))); err != nil {
		t.Fatal(err)
	}
	if got := only(t, o, namespace("")); got.Strictest != pss.Restricted {
		t.Errorf("what is too old counts: %s", got.Strictest)
	}
}

func TestPoliciesThatTheLogShowsAreNotLoosened(t *testing.T) {
	t.Parallel()
	line := event{user: "a", resource: "pods", name: "p", code: 201, annotations: map[string]string{"pod-security.kubernetes.io/enforce-policy": "baseline:latest"}}.line(t)
	o := options()
	o.Observed = read(t, line)
	got := only(t, o, namespace(""), deployment("d", privilegedSpec))
	if got.Shown.String() != "baseline:latest" || !got.Kept || got.Labels[pss.EnforceLabel] != "baseline" || len(got.AtRisk) != 1 {
		t.Errorf("got %+v, want baseline to stay", got)
	}
	o.Assumed = false // what is known is known
	if got := only(t, o, namespace(""), deployment("d", privilegedSpec)); got.Shown.Level.Valid() {
		t.Errorf("got %+v", got)
	}
	o.Assumed = true
	if got := only(t, o, namespace(enforce+"privileged"), deployment("d", privilegedSpec)); got.Shown.Level.Valid() {
		t.Errorf("a label says what is enforced: got %+v", got)
	}
}

func TestManyObjectsOfOneNamespaceTakeBoundedMemoryAndHideNothing(t *testing.T) {
	t.Parallel()
	var lines []string
	for i := range 1500 {
		sentence := missingSentence
		if i == 1200 {
			sentence = hostPIDSentence
		}
		lines = append(lines, event{user: "a", resource: "pods", name: fmt.Sprintf("p%d", i), code: 201, annotations: would("restricted:latest", sentence)}.line(t))
	}
	o := options()
	o.Observed = read(t, lines...)
	got := only(t, o, namespace(""))
	if got.Strictest != pss.Privileged || len(got.Steps[1].Blockers) != 1001 {
		t.Errorf("bears %s, %d blockers; want privileged and 1001", got.Strictest, len(got.Steps[1].Blockers))
	}
}

func TestALogIsReadAsAStreamCompressedOrNotAndItsFaultsAreCounted(t *testing.T) {
	t.Parallel()
	good := event{user: "a", resource: "pods", name: "p", code: 201, annotations: would("restricted:latest", missingSentence)}.line(t)
	text := strings.Join([]string{
		good, "", `{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete"}`, "not JSON",
		good[:len(good)-10],
		`{"audit-violations": "but no event"}`,
		event{user: "a", resource: "pods", name: "q", code: 201, annotations: map[string]string{"pod-security.kubernetes.io/audit-violations": "what?"}}.line(t),
		event{user: "a", resource: "pods", name: "q", code: 201, annotations: would("strict:latest", "x")}.line(t),
		`{"kind":"Event","long":"` + strings.Repeat("x", 3<<20) + `"}`, // longer than any buffer
		good,
	}, "\n")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(text))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string][]byte{"plain": []byte(text), "gzip": zipped.Bytes(), "with an end of line": []byte(text + "\n")} {
		log := &plan.AuditLog{}
		if err := log.Read(bytes.NewReader(in)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if log.Events != 4 || log.Violations != 2 || log.Malformed != 5 {
			t.Errorf("%s: %d events, %d violations, %d malformed; want 4, 2, 5", name, log.Events, log.Violations, log.Malformed)
		}
	}
	if err := (&plan.AuditLog{}).Read(bytes.NewReader(zipped.Bytes()[:zipped.Len()/2])); err == nil {
		t.Error("half a file was read without an error")
	}
}

func TestAReplicaSetThatItsDeploymentMadeIsNotAnotherBlocker(t *testing.T) {
	t.Parallel()
	line := event{user: deployController, resource: "replicasets", name: "web-5d8f", code: 201, annotations: would("restricted:latest", missingSentence)}.line(t)
	o := options()
	o.Observed = read(t, line)
	got := only(t, o, namespace(""), deployment("web", baselineSpec))
	if n := len(got.Steps[0].Blockers); n != 1 {
		t.Errorf("%d blockers, want the Deployment only: %v", n, say(got.Steps[0].Blockers))
	}
}
