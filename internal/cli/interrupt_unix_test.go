//go:build unix

package cli

import (
	"os"
	"testing"
)

// Not in parallel: the signal is for the whole process.
func TestWhoIsInterruptedWhileReadingIsTold(t *testing.T) {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "-"}, {"plan", "-"}, {"plan", "--from=-"}, {"preview", "-", "--all", "--enforce=baseline"}, {"who-can", "weaken", "--from=-"}} {
		s, _, stderr := system(args...)
		begun := make(chan struct{})
		s.Stdin = endless{begun}
		go func() {
			<-begun
			if err := self.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
		}()
		if code := Main(s); code != 3 {
			t.Errorf("%q: exit code %d", args, code)
		}
		const want = "gabion: interrupted before everything was read and judged: what has been written so far is not all\n"
		if got := stderr.String(); got != want {
			t.Errorf("%q: standard error: %q", args, got)
		}
	}
}

// endless is a pipe that nobody writes to.
type endless struct{ begun chan struct{} }

func (e endless) Read([]byte) (int, error) {
	close(e.begun)
	select {}
}
