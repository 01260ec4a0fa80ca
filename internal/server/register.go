package server

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/gabion-security/gabion/internal/server/registration"
)

// newKeeper returns the keeper of the registration.
func (s *server) newKeeper() (*registration.Keeper, error) {
	target := s.o.Target
	if target.Service.Name == "" && target.URL == "" {
		host, _, err := net.SplitHostPort(s.o.Listen)
		if err != nil {
			return nil, err
		}
		_, port, err := net.SplitHostPort(s.admissionListener.Addr().String())
		if err != nil {
			return nil, err
		}
		target.URL = "https://" + net.JoinHostPort(host, port) + "/validate"
	}
	instance, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("the name of this machine: %w", err)
	}
	return registration.NewKeeper(s.client, registration.Options{
		Target: target, CAs: s.wantedCAs, Instance: instance, Log: s.log, Repaired: s.metrics.RecordRepair,
	}), nil
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
	return k.Run(ctx)
}
