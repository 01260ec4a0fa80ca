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

// freePorts returns ports for the servers of a cluster.
func freePorts() (ports, error) {
	found, err := free(3)
	if err != nil {
		return ports{}, err
	}
	return ports{found[0], found[1], found[2]}, nil
}

// FreeAddresses returns addresses of this machine on which nobody listened a
// moment ago.
func FreeAddresses(count int) ([]string, error) {
	found, err := free(count)
	addresses := make([]string, len(found))
	for i, port := range found {
		addresses[i] = fmt.Sprintf("127.0.0.1:%d", port)
	}
	return addresses, err
}

// free returns ports on which nobody listened a moment ago. They lie below those
// that the kernel gives to outgoing connections, so that a server which is
// stopped finds its port free again.
func free(count int) ([]int, error) {
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
		if found = append(found, port); len(found) == count {
			return found, nil
		}
	}
	return nil, errors.New("found no free ports on 127.0.0.1")
}

// isTaken reports whether a server did not start because its port was taken in
// the moment after it was found free.
func isTaken(err error) bool {
	return err != nil && strings.Contains(err.Error(), "address already in use")
}
