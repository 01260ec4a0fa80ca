package cluster

import "context"

// Program returns a server that runs beside the control plane, such as a webhook
// under test: a program with its arguments, the name of its log in Dir, and what
// tells when it is ready. Whoever starts it has to stop it.
func (c *Cluster) Program(path, log string, args []string, ready func(context.Context) error) *Server {
	return &Server{program: path, log: c.file(log), args: func() []string { return args }, ready: ready}
}
