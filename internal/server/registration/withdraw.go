package registration

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// A configuration is removed on purpose by two steps: it is first said in an
// annotation, and then it is deleted. The annotation alone ends nothing: who has
// been interrupted before the deletion, or never meant it, leaves a configuration
// that is soon kept again.

// see notes how the configuration was removed.
func (k *Keeper) see(ctx context.Context, e watch.Event) {
	c := seen(e.Object)
	if c == nil || k.last() == nil || c.Annotations[withdrawnAnnotation] == "" || version(c) <= k.wrote {
		return // the last: news of what has been overwritten since
	}
	k.announce()
	if e.Type == watch.Deleted {
		k.withdraw(ctx)
	}
}

// version returns the number of an object's version; 0 if it is none.
func version(c *admissionregistrationv1.ValidatingWebhookConfiguration) uint64 {
	n, err := strconv.ParseUint(c.ResourceVersion, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// leave reports whether the configuration, nil if there is none, is to be left as
// it is because somebody removes it on purpose. One of which that was said before
// this program wrote it does not count.
func (k *Keeper) leave(ctx context.Context, have *admissionregistrationv1.ValidatingWebhookConfiguration) bool {
	switch {
	case k.withdrawn:
		return true
	case k.last() == nil:
		return false
	case have == nil:
		if k.announced.IsZero() {
			return false
		}
		k.withdraw(ctx)
		return true
	case have.Annotations[withdrawnAnnotation] == "":
		k.announced = time.Time{}
		return false
	}
	k.announce()
	return false
}

// leaving reports whether a configuration is to be left as it is for a while,
// because it is announced to be removed. What else is wrong with it is repaired all
// the same, and the announcement with it: nothing may hide behind one.
func (k *Keeper) leaving(have *admissionregistrationv1.ValidatingWebhookConfiguration, wrong []string) bool {
	return have != nil && len(wrong) == 1 && wrong[0] == announcement && time.Now().Before(k.announcedUntil())
}

// announcedUntil is how long an announcement counts, the zero Time if there is none.
func (k *Keeper) announcedUntil() time.Time {
	if k.announced.IsZero() {
		return time.Time{}
	}
	return k.announced.Add(withdrawal)
}

// announce notes that the configuration is about to be removed.
func (k *Keeper) announce() {
	if k.announced.IsZero() {
		k.announced = time.Now()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gone = true
}

// withdraw ends the keeping.
func (k *Keeper) withdraw(ctx context.Context) {
	if k.withdrawn {
		return
	}
	k.withdrawn = true
	k.o.Log.LogAttrs(ctx, slog.LevelWarn, k.form.what+" was removed on purpose and is not written again until the next start: "+
		k.form.without)
}
