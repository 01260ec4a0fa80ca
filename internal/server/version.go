package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/gabion-security/gabion/internal/cluster"
	"github.com/gabion-security/gabion/pss"
)

const (
	// reachWithin is how long an API server may be away when the program starts.
	reachWithin = 30 * time.Second
	// askTimeout is how long one question may take.
	askTimeout = 10 * time.Second
	// versionInterval is how often the API server is asked for its version: after
	// an upgrade, latest means something else.
	versionInterval = 10 * time.Second
)

// findVersion asks the API server what latest means. One that is not there is
// waited for: it may be starting too.
func (s *server) findVersion(ctx context.Context) error {
	for until := time.Now().Add(reachWithin); ; {
		found, err := s.askVersion(ctx)
		switch {
		case err == nil:
			s.controller.SetEvaluator(pss.Evaluator{Kubernetes: found.Version})
			s.logVersion(found)
			return nil
		case !isAway(err), time.Now().After(until), ctx.Err() != nil:
			return err
		}
		s.log.Warn("the API server cannot be reached, trying again", slog.String("error", err.Error()))
		sleep(ctx, 2*time.Second)
	}
}

func (s *server) askVersion(ctx context.Context) (cluster.Server, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return cluster.FindServer(ctx, s.config)
}

// isAway reports whether an error is one that passes when the API server is back.
func isAway(err error) bool {
	var timeout net.Error
	return utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) ||
		errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err)
}

// followVersion sees to it that latest is what it is to the API server.
func (s *server) followVersion(ctx context.Context) {
	var last cluster.Server
	var fault string
	for sleep(ctx, versionInterval); ctx.Err() == nil; sleep(ctx, versionInterval) {
		found, err := s.askVersion(ctx)
		switch {
		case err != nil && !isAway(err) && err.Error() != fault && ctx.Err() == nil:
			fault = err.Error()
			s.log.Error("the API server's version is not known any more, the last one counts", slog.String("error", fault))
		case err == nil && last != found:
			if last != (cluster.Server{}) {
				s.logVersion(found)
			}
			last, fault = found, ""
			s.controller.SetEvaluator(pss.Evaluator{Kubernetes: found.Version})
		}
	}
}

func (s *server) logVersion(found cluster.Server) {
	s.log.Info("the API server's version", slog.String("release", found.Release), slog.String("latest", found.Version.String()))
	if newest := pss.NewestVersion(); found.Version > newest {
		s.log.Warn("the standard is known up to an older version, later ones are taken to be the same",
			slog.String("known", newest.String()), slog.String("latest", found.Version.String()))
	}
}

// sleep waits for a while or until the context ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
