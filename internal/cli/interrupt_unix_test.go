//go:build unix

package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// Not in parallel: the signal is for the whole process.
func TestAMigrationThatIsInterruptedEndsBeforeTheNextStep(t *testing.T) {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string][]string{
		"": nil, "y\n": inShort(webOfOld), "y\ny\ny\n": append(inShort(webOfOld, copyOfR, roleOfR), "namespaces/shop"),
	} {
		api := oldWorld(t)
		s, out, stderr := atTerminal(t, api, "", "psp", "migrate", "--apply", "--undo-file="+filepath.Join(t.TempDir(), "undo.json"))
		begun := make(chan struct{})
		s.Stdin = io.MultiReader(strings.NewReader(typed), endless{begun})
		go func() {
			<-begun
			if err := self.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
		}()
		if code := Main(s); code != 3 {
			t.Errorf("%q: exit code %d: %s%s", typed, code, out, stderr)
		}
		if diff := cmp.Diff(want, api.written); diff != "" {
			t.Errorf("%q: written (-want +got):\n%s", typed, diff)
		}
		if got := stderr.String(); !strings.HasSuffix(got, "\ngabion: interrupted: what is printed is done, the rest is left as it is\n") {
			t.Errorf("%q: standard error: %s", typed, got)
		}
	}
}

// Not in parallel: the signal is for the whole process.
func TestACheckThatIsInterruptedLeavesNoUnfinishedFile(t *testing.T) {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, _, _ := system("check", "-", "-o", "sarif="+filepath.Join(dir, "out.sarif"))
	begun := make(chan struct{})
	s.Stdin = endless{begun}
	go func() {
		<-begun
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("%d files are being written, %v", len(entries), err)
		}
		if err := self.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	}()
	if code := Main(s); code != 3 {
		t.Errorf("exit code %d", code)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// endless is a pipe that nobody writes to.
type endless struct{ begun chan struct{} }

func (e endless) Read([]byte) (int, error) {
	close(e.begun)
	select {}
}
