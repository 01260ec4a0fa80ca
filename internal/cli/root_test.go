package cli

import (
	"testing"
)

func TestCommandsAreCreatedByTheirNames(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		s, _, _ := system()
		s.Args = []string{c.name}
		root := newRoot(&s)
		if created := c.create(&s); created.Name() != c.name {
			t.Errorf("%q creates the command %q", c.name, created.Name())
		}
		if found, _, err := root.Find(s.Args); err != nil || found.Name() != c.name {
			t.Errorf("%q is not in the tree that it asks for: %v", c.name, err)
		}
		if c.name != "completion" && len(root.Commands()) != 1 {
			t.Errorf("%q creates %d commands", c.name, len(root.Commands()))
		}
	}
}

func TestWhatNamesNoCommandSeesThemAll(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--help"}, {"help", "check"}, {"chek"}, {"__complete", ""}, {"completion", "bash"}} {
		s, _, _ := system()
		s.Args = args
		if got, want := len(newRoot(&s).Commands()), len(commands()); got < want {
			t.Errorf("%q: %d commands of %d", args, got, want)
		}
	}
}
