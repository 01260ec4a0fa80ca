//go:build oldest

package parity_test

import (
	"log"
	"os"
	"testing"

	"github.com/gabion-security/gabion/e2e/binaries"
	"github.com/gabion-security/gabion/e2e/cluster"
	"github.com/gabion-security/gabion/e2e/samples"
)

// TestGabionAnswersAsThePluginOfTheOldestKubernetesDoes stands apart, by its build
// tag, because the API server takes minutes to build. It has no script: half of what
// the script asks for does not exist there. Violations are described in the words of
// the newest release, so that verdicts are what is compared.
func TestGabionAnswersAsThePluginOfTheOldestKubernetesDoes(t *testing.T) {
	t.Parallel()
	programs, err := binaries.ControlPlane128(t.Context(), log.New(os.Stderr, "e2e: ", 0))
	if err != nil {
		t.Fatal(err)
	}
	p := newPair(t, cluster.Options{Binaries: programs})
	player := newPlayer(p)
	player.verdicts, player.lacks = true, []string{"resize"} // a subresource from v1.32 on
	playRandomly(t, player, samples.Seed(t), 2000)
}
