package server

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/gabion-security/gabion/internal/server/registration"
	"github.com/gabion-security/gabion/internal/webhook"
)

// newKeepers makes the keepers of the registration.
func (s *server) newKeepers() error {
	o, err := s.registrationOptions()
	if err != nil {
		return err
	}
	optional := o
	optional.Custom = nil
	s.newNamespaces.Store(registration.NewOptional(s.client, optional))
	s.newNamespaces.Load().Want(s.fills.Load())
	s.keeper.Store(registration.NewKeeper(s.client, o))
	return nil
}

// registrationOptions say what to register.
func (s *server) registrationOptions() (registration.Options, error) {
	target := s.o.Target
	if target.Service.Name == "" && target.URL == "" {
		_, port, err := net.SplitHostPort(s.admissionListener.Addr().String())
		if err != nil {
			return registration.Options{}, err
		}
		target.URL = "https://" + net.JoinHostPort(hostOf(target, s.o.Listen), port) + webhook.ValidatePath
	}
	instance, err := os.Hostname()
	if err != nil {
		return registration.Options{}, fmt.Errorf("the name of this machine: %w", err)
	}
	keep := time.Duration(0)
	if s.fromFiles() { // in a Secret, CAs are the same for all replicas
		keep = 2 * oldCAs
	}
	target.Reported = s.objects != nil
	return registration.Options{
		Target: target, CAs: s.wantedCAs, KeepCAs: keep, Key: func() []byte { return *s.key.Load() }, Custom: s.custom.registered,
		Instance: instance, Log: s.log, Repaired: s.metrics.RecordRepair,
	}, nil
}

// hostOf returns the name by which API servers find the webhook of a target, which
// its certificate must be for. Without any, it is that which is listened on.
func hostOf(target registration.Target, listen string) string {
	if target.Service.Name != "" {
		return target.Service.Name + "." + target.Service.Namespace + ".svc"
	}
	if u, err := url.Parse(target.URL); err == nil && target.URL != "" {
		return u.Hostname()
	}
	host, _, _ := net.SplitHostPort(listen) // one that cannot be read cannot be listened on either
	return host
}

// keep keeps the registration as soon as what is asked for can be answered.
func (s *server) keep(ctx context.Context, k *registration.Keeper) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for len(s.cache.Unready()) > 0 {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	s.run(func() error { s.newNamespaces.Load().Run(ctx); return nil })
	return k.Run(ctx)
}

// lookAgain has the registration looked at, as when there are new CAs.
func (s *server) lookAgain() {
	s.keeper.Load().Look()
	s.newNamespaces.Load().Look()
}

// registrationHolds reports whether API servers can know the CAs.
func (s *server) registrationHolds(cas []byte) bool {
	return s.keeper.Load().Holds(cas) && s.newNamespaces.Load().Holds(cas)
}
