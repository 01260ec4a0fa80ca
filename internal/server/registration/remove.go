package registration

import (
	"context"
	"errors"
	"slices"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gabion-security/gabion/internal/server/resource"
)

// ErrWrittenAgain says that the configuration was removed and came back.
var ErrWrittenAgain = errors.New("something writes the webhook configuration again and again: stop the servers first")

const (
	removals = 3
	// goneFor is how long the configuration must be gone to count as removed.
	// Servers that are starting, or missed the announcement, write it within that
	// time.
	goneFor = 2 * time.Second
)

// Remove removes the webhook configurations. Servers that keep them are told that
// this is on purpose, and leave them be until they are started again. It returns
// the webhooks that there were, by name; none if there was no configuration.
func Remove(ctx context.Context, client *resource.Client, by string) ([]string, error) {
	var removed []string
	for range removals {
		var faults []error
		for _, f := range []form{mutating, validating} {
			found, err := f.removeOnce(ctx, client, by)
			faults = append(faults, err)
			for _, name := range found {
				if !slices.Contains(removed, name) {
					removed = append(removed, name)
				}
			}
		}
		if err := errors.Join(faults...); err != nil {
			return removed, err
		}
		gone, err := stayGone(ctx, client)
		if gone || err != nil {
			return removed, err
		}
	}
	return nil, ErrWrittenAgain
}

// removeOnce announces the removal, removes, and returns the names of the webhooks
// that there were.
func (f form) removeOnce(ctx context.Context, client *resource.Client, by string) ([]string, error) {
	var c admissionregistrationv1.ValidatingWebhookConfiguration
	err := client.Merge(ctx, f.path(), map[string]any{
		"metadata": map[string]any{"annotations": map[string]string{withdrawnAnnotation: by}},
	}, &c)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := []string{}
	for i := range c.Webhooks {
		names = append(names, c.Webhooks[i].Name)
	}
	if err := client.Delete(ctx, f.path()); err != nil && !apierrors.IsNotFound(err) {
		return nil, err
	}
	return names, nil
}

// stayGone reports whether the configurations do not come back for a while.
func stayGone(ctx context.Context, client *resource.Client) (bool, error) {
	for until := time.Now().Add(goneFor); time.Now().Before(until); sleep(ctx, goneFor/8) {
		for _, f := range []form{mutating, validating} {
			var c admissionregistrationv1.ValidatingWebhookConfiguration
			err := client.Get(ctx, f.path(), &c)
			if err == nil {
				return false, nil
			}
			if !apierrors.IsNotFound(err) {
				return false, err
			}
		}
	}
	return true, ctx.Err()
}
