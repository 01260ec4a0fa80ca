package admission

import "testing"

// TestPoliciesAreReplacedAtOnce: no request sees new exceptions beside old guards.
func TestPoliciesAreReplacedAtOnce(t *testing.T) {
	t.Parallel()
	c := newWorld().controller(t)
	all := Policies{
		Exceptions: func(string, map[string]string) Except { return nil },
		PodGuards:  asking(PodGuarding{}),
		Guards:     nobodysGuards{},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 1000 {
			c.SetPolicies(all)
			c.SetPolicies(Policies{})
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		s := c.state.Load()
		if some := s.exceptions != nil; some != (s.podGuards != nil) || some != (s.guards != nil) {
			t.Fatalf("exceptions %t, guards of pods %t, guards %t", some, s.podGuards != nil, s.guards != nil)
		}
	}
}

// nobodysGuards guard nothing.
type nobodysGuards struct{}

func (nobodysGuards) Judge(NamespaceChange) Guarding { return Guarding{} }

func (nobodysGuards) Missing(string, map[string]string) map[string]string { return nil }

// One of the policies is replaced, and the others stay.

func (c *Controller) setGuards(g Guards) { c.replace(func(s *state) { s.guards = g }) }

func (c *Controller) setPodGuards(g PodGuards) { c.replace(func(s *state) { s.podGuards = g }) }

func (c *Controller) setExceptions(e Exceptions) { c.replace(func(s *state) { s.exceptions = e }) }
