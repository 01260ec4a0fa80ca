package cli

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/internal/server/resource"
)

// applying is one run of `gabion psp migrate --apply`.
type applying struct {
	*migration

	client *resource.Client
	// done counts what was written, and left what was not: because it was refused,
	// or because the answer was not yes.
	done, left int
	// seen is what of it was done when the cluster was read, and patched are the
	// namespaces in which templates were patched, by what policies say for them.
	seen    int
	stale   bool // somebody else has written since
	patched map[string][]string
}

// writing is one write to the cluster.
type writing struct {
	// object is what is written, and advice what to do if it is refused.
	object, advice string
	send           func(context.Context, *resource.Client) error
}

// refusedWrite is why something is not written although the API server might take it.
type refusedWrite struct{ why, advice string }

// Error says why.
func (e *refusedWrite) Error() string { return e.why }

const runAgain = "run it again to see what is to be done now"

// errMeanwhile says that somebody was faster, and that what is theirs stays.
var errMeanwhile = &refusedWrite{"it has changed since it was read", runAgain}

// retries is how often something is written that somebody else writes at the same
// time, such as the controller that keeps the status of a workload.
const retries = 5

// write asks the API server what would become of it, writes it, and reports
// whether it is there now. What is refused is told of, and no error: the rest goes
// on. What is at hand is finished, also if somebody interrupts it.
func (a *applying) write(ctx context.Context, w *writing) (bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), labelWithin)
	defer cancel()
	err := w.send(ctx, a.client.DryRun())
	if err == nil {
		err = w.send(ctx, a.client)
	}
	var refused *refusedWrite
	var status apierrors.APIStatus
	switch {
	case err == nil:
		a.done++
		return true, nil
	case errors.As(err, &refused):
		a.stale = a.stale || refused == errMeanwhile
		a.refuse(w.object, refused.why, refused.advice)
	case apierrors.IsAlreadyExists(err), apierrors.IsConflict(err), apierrors.IsNotFound(err):
		a.stale = true
		a.refuse(w.object, err.Error(), runAgain)
	case errors.As(err, &status):
		a.refuse(w.object, err.Error(), w.advice)
	default:
		return false, fmt.Errorf("writing %s: %w", w.object, err)
	}
	return false, nil
}

// refuse says in a line what is not done, why, and what to do.
func (a *applying) refuse(object, why, advice string) {
	a.left++
	a.note(fmt.Sprintf("%s is left as it is: %s; %s", object, why, advice))
}

// note says something to the person at the terminal.
func (a *applying) note(text string) {
	a.backup.input.console.line(report.EscapeSentence(text))
}

// agreed asks whether something is to be done. What is shown comes first.
func (a *applying) agreed(ctx context.Context, question string, shown ...string) bool {
	if a.yes {
		return true
	}
	for _, line := range shown {
		a.note(line)
	}
	if a.system.ask(ctx, report.EscapeSentence(question)) {
		return true
	}
	if ctx.Err() == nil {
		a.left++
	}
	return false
}

// say prints what was done, and the command that takes it back.
func (a *applying) say(done, undo string) error {
	if _, err := fmt.Fprintf(a.system.Stdout, "%s; to go back: %s\n", report.EscapeSentence(done), undo); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// controlled says that an object belongs to another one, which would undo what is
// written, nil if it does not.
func controlled(m *metav1.ObjectMeta) error {
	if owner := metav1.GetControllerOfNoCopy(m); owner != nil {
		return &refusedWrite{fmt.Sprintf("%s/%s controls it and would undo that", owner.Kind, owner.Name), "change it there"}
	}
	return nil
}

// asRead is the metadata by which a patch is for an object as it was read: it is a
// conflict if somebody has written it since, or made another one of its name.
func asRead(m *metav1.ObjectMeta) map[string]any {
	return map[string]any{"uid": m.UID, "resourceVersion": m.ResourceVersion}
}

// retried tries again what was in conflict, which reads the object again.
func retried(try func() error) error {
	for range retries {
		if err := try(); !apierrors.IsConflict(err) {
			return err
		}
	}
	return errMeanwhile
}
