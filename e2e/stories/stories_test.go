package stories_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/internal/cli/script"
)

// TestStories tells the stories in testdata, each on a control plane of its own.
// With UPDATE_GOLDENS in the environment the outputs that they compare with are
// written anew.
func TestStories(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	if _, err := binaries.Gabion(t.Context(), bin); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata",
		UpdateScripts: os.Getenv("UPDATE_GOLDENS") != "", RequireUniqueNames: true, RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": script.Exits},
		Setup: func(env *testscript.Env) error {
			c, err := cluster.Start(t.Context(), cluster.Options{})
			if err != nil {
				return err
			}
			env.Defer(func() {
				if err := c.Stop(); err != nil {
					t.Errorf("stopping the control plane: %v", err)
				}
			})
			env.Setenv("KUBECONFIG", c.Kubeconfig())
			env.Setenv("KUBERC", "off")
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("PATH", bin+string(os.PathListSeparator)+filepath.Dir(c.KubectlPath())+string(os.PathListSeparator)+env.Getenv("PATH"))
			return nil
		},
	})
}
