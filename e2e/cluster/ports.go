package cluster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
)

// ports are where the servers of a cluster listen, all on 127.0.0.1.
type ports struct{ etcd, peer, apiServer int }

// freePorts returns ports that nobody listened on a moment ago. They lie below
// those that the kernel gives to outgoing connections, so that a server which is
// stopped finds its port free again.
func freePorts() (ports, error) {
	var (
		found     []int
		listeners []net.Listener // held until all are found: they have to differ
	)
	defer func() {
		for _, l := range listeners {
			_ = l.Close()
		}
	}()
	for range 1000 {
		port := 20000 + rand.IntN(12000)                                      //nolint:gosec // no secret
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)) //nolint:noctx // local
		if err != nil {
			continue
		}
		listeners = append(listeners, listener)
		if found = append(found, port); len(found) == 3 {
			return ports{found[0], found[1], found[2]}, nil
		}
	}
	return ports{}, errors.New("found no free ports on 127.0.0.1")
}

// isTaken reports whether a server did not start because its port was taken in
// the moment after it was found free.
func isTaken(err error) bool {
	return err != nil && strings.Contains(err.Error(), "address already in use")
}
