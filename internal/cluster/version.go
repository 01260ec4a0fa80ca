package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/rest"

	"github.com/gabion-security/gabion/pss"
)

// oldestMinor is the oldest Kubernetes 1.x whose API server can be served: its
// webhook configurations may have match conditions.
const oldestMinor = 28

// oldestListed is the oldest Kubernetes 1.x whose contents can be listed: all
// that makes pods has stable versions there.
const oldestListed = 21

// Server says what an API server is.
type Server struct {
	// Release is what it calls itself, "v1.37.2".
	Release string
	// Version is the minor that it behaves as: its own, or the older one that it
	// emulates. It is what the standard's latest means there.
	Version pss.Version
}

// FindServer asks the API server what it is. One that is too old, or that does
// not say, is an error.
func FindServer(ctx context.Context, config *rest.Config) (Server, error) {
	c, err := newClient(config)
	if err != nil {
		return Server{}, err
	}
	return c.server(ctx, oldestMinor)
}

// server asks the API server what it is, and refuses one that is too old.
func (c *client) server(ctx context.Context, oldest int) (Server, error) {
	text, err := answer(ctx, c.Get().AbsPath("/version").SetHeader("Accept", "application/json"))
	if err != nil {
		return Server{}, fmt.Errorf("asking the API server for its version: %w", err)
	}
	var info version.Info
	if err := json.Unmarshal(text, &info); err != nil {
		return Server{}, fmt.Errorf("reading the API server's version: %w", err)
	}
	return serverOf(info, oldest)
}

// serverOf reads what an API server says of itself. The oldest is the minor that
// it must have at least.
func serverOf(info version.Info, oldest int) (Server, error) {
	own, err := minorOf(info.Major, info.Minor)
	if err != nil {
		return Server{}, fmt.Errorf("the API server %q is none of Kubernetes 1: %w", info.GitVersion, err)
	}
	minor := own
	if info.EmulationMinor != "" {
		if minor, err = minorOf(info.EmulationMajor, info.EmulationMinor); err != nil {
			return Server{}, fmt.Errorf("the API server %q emulates none of Kubernetes 1: %w", info.GitVersion, err)
		}
	}
	if lowest := min(own, minor); lowest < oldest {
		return Server{}, fmt.Errorf("the API server is Kubernetes 1.%d, and at least 1.%d is needed", lowest, oldest)
	}
	return Server{Release: cmp.Or(info.GitVersion, fmt.Sprintf("v1.%d", own)), Version: pss.V1(minor)}, nil
}

// minorOf reads the two numbers of a version. Some providers add a plus sign.
func minorOf(major, minor string) (int, error) {
	if major != "1" {
		return 0, fmt.Errorf("its major version is %q", major)
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(minor, "+"), 10, 16)
	if err != nil {
		return 0, fmt.Errorf("its minor version is %q", minor)
	}
	return int(n), nil //nolint:gosec // 16 bits
}
