package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gabion-security/gabion/workload"
)

// manyFiles writes files of several sorts, and returns their folder and what is
// in it in the order of the files.
func manyFiles(t *testing.T) (dir string, want []string) {
	t.Helper()
	dir = t.TempDir()
	for i := range 20 * runtime.GOMAXPROCS(0) {
		name := filepath.Join(dir, fmt.Sprintf("%03d.yaml", i))
		text := fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata:\n  name: p%d\nspec:\n  containers: []\n", i)
		want = append(want, fmt.Sprintf("%s Pod/p%d", name, i))
		switch i % 5 {
		case 1:
			text += "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: team\n"
			want = append(want, name+" Namespace/team")
		case 2:
			text += "# " + strings.Repeat("long ", aheadSize/4) + "\n"
		case 3:
			text = "a: ["
			want[len(want)-1] = name + " /"
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	missing := filepath.Join(dir, "missing")
	return dir, append(want, missing+" /")
}

func TestFilesThatAreReadAheadComeInTheirOrder(t *testing.T) {
	t.Parallel()
	dir, want := manyFiles(t)
	s, _, _ := system()
	o := inputOptions{system: &s, recursive: true, namespace: "default"}
	if err := o.complete([]string{dir, filepath.Join(dir, "missing")}); err != nil {
		t.Fatal(err)
	}
	for stop := range len(want) + 1 {
		var got []string
		for item := range newInput(&o).items() {
			got = append(got, fmt.Sprintf("%s %s/%s", item.Source.File, item.Object.Kind, item.Object.Name))
			if len(got) == stop && stop%7 == 0 {
				break
			}
		}
		expected := want
		if stop > 0 && stop%7 == 0 {
			expected = want[:stop]
		}
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Fatalf("stopped at %d: -want +got:\n%s", stop, diff)
		}
		if stop > 30 {
			break
		}
	}
}

// readingInput is an input that reads as by default.
func readingInput(t *testing.T) *input {
	t.Helper()
	s, _, _ := system()
	in := newInput(&inputOptions{system: &s})
	var err error
	if in.reader, err = workload.NewReader(workload.Options{}); err != nil {
		t.Fatal(err)
	}
	return in
}

// What is no regular file can perhaps be read only once, or not yet.
func TestOnlySmallRegularFilesAreReadAhead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	small, large := filepath.Join(dir, "small.yaml"), filepath.Join(dir, "large.yaml")
	for name, size := range map[string]int{small: aheadSize, large: aheadSize + 1} {
		if err := os.WriteFile(name, []byte(strings.Repeat("#", size)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := readingInput(t)
	for path, want := range map[string]bool{small: true, large: false, dir: false, os.DevNull: false, workload.Stdin: false, dir + "/none": false} {
		one := batch{turns: []turn{{file: workload.File{Path: path, Explicit: true}}}, ahead: make(chan struct{})}
		if (&queue{in: in}).readAhead(&one); one.turns[0].read != want {
			t.Errorf("%s: read ahead %t, want %t", path, one.turns[0].read, want)
		}
	}
}

// What waits for its turn is bounded, however many files share a batch.
func TestOnlySoMuchOfABatchIsReadAhead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var b batch
	for i, size := range []int{aheadSize / 2, aheadSize, aheadSize/2 - 1, 2, 1} {
		name := filepath.Join(dir, fmt.Sprintf("%d.yaml", i))
		if err := os.WriteFile(name, []byte(strings.Repeat("#", size)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for file, err := range workload.Walk([]string{dir}) {
		b.turns = append(b.turns, turn{file: file, err: err})
	}
	b.ahead = make(chan struct{})
	in := readingInput(t)
	(&queue{in: in}).readAhead(&b)
	var got []bool
	for _, one := range b.turns {
		got = append(got, one.read)
	}
	if diff := cmp.Diff([]bool{true, false, true, false, true}, got); diff != "" || b.size != aheadSize {
		t.Errorf("%d bytes; -want +got:\n%s", b.size, diff)
	}
}

func TestWhatNobodyWaitsForIsNotRead(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "pod.yaml")
	if err := os.WriteFile(name, []byte("#"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := readingInput(t)
	for _, over := range []bool{false, true} {
		q := queue{in: in}
		q.over.Store(over)
		b := batch{turns: []turn{{file: workload.File{Path: name, Explicit: true}}}, ahead: make(chan struct{})}
		q.readAhead(&b)
		if <-b.ahead; b.turns[0].read == over {
			t.Errorf("over %t: read %t", over, b.turns[0].read)
		}
	}
}
