package registration

import (
	"context"
	"errors"
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

// Remove removes the webhook configuration. Servers that keep it are told that
// this is on purpose, and leave it be until they are started again. It returns
// the webhooks that there were, by name; none if there was no configuration.
func Remove(ctx context.Context, client *resource.Client, by string) ([]string, error) {
	var removed []string
	for range removals {
		found, err := removeOnce(ctx, client, by)
		if err != nil {
			return nil, err
		}
		if removed == nil {
			removed = found
		}
		gone, err := staysGone(ctx, client)
		if gone || err != nil {
			return removed, err
		}
	}
	return nil, ErrWrittenAgain
}

// removeOnce announces the removal, removes, and returns the names of the webhooks
// that there were.
func removeOnce(ctx context.Context, client *resource.Client, by string) ([]string, error) {
	var c admissionregistrationv1.ValidatingWebhookConfiguration
	err := client.Merge(ctx, path, map[string]any{
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
	if err := client.Delete(ctx, path); err != nil && !apierrors.IsNotFound(err) {
		return nil, err
	}
	return names, nil
}

// staysGone reports whether the configuration does not come back for a while.
func staysGone(ctx context.Context, client *resource.Client) (bool, error) {
	for until := time.Now().Add(goneFor); time.Now().Before(until); sleep(ctx, goneFor/8) {
		var c admissionregistrationv1.ValidatingWebhookConfiguration
		err := client.Get(ctx, path, &c)
		if err == nil {
			return false, nil
		}
		if !apierrors.IsNotFound(err) {
			return false, err
		}
	}
	return true, ctx.Err()
}
