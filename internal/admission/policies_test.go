package admission

// One of the policies is replaced, and the others stay.

func (c *Controller) setGuards(g Guards) { c.replace(func(s *state) { s.guards = g }) }

func (c *Controller) setPodGuards(g PodGuards) { c.replace(func(s *state) { s.podGuards = g }) }

func (c *Controller) setExceptions(e Exceptions) { c.replace(func(s *state) { s.exceptions = e }) }
