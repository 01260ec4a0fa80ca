package binaries

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// silent takes what nobody reads.
var silent = log.New(io.Discard, "", 0)

// writesOne is a builder that writes one file.
func writesOne(_ context.Context, _ recipe, dir string, _ *log.Logger) error {
	return os.WriteFile(filepath.Join(dir, "etcd"), []byte("program"), 0o600)
}

func TestOneOfManyBuildersBuildsAndAllFindTheResult(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache", "key")
	var built atomic.Int32
	slow := func(ctx context.Context, r recipe, dir string, progress *log.Logger) error {
		built.Add(1)
		time.Sleep(50 * time.Millisecond) // long enough for the others to come
		return writesOne(ctx, r, dir, progress)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := ensure(t.Context(), recipe{}, dir, slow, silent); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "etcd")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := built.Load(); n != 1 {
		t.Errorf("built %d times, want once", n)
	}
}

func TestAFailedOrInterruptedBuildLeavesNothingThatLooksBuilt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "key")
	broken := errors.New("no compiler")
	half := func(ctx context.Context, r recipe, dir string, progress *log.Logger) error {
		return errors.Join(writesOne(ctx, r, dir, progress), broken)
	}
	if err := ensure(t.Context(), recipe{}, dir, half, silent); !errors.Is(err, broken) {
		t.Errorf("got the error %v, want the builder's", err)
	}
	if exists, err := isDir(dir); exists || err != nil {
		t.Errorf("a failed build left its folder (%v, %v)", exists, err)
	}
	// What a killed builder has left is thrown away by the next one.
	if err := os.MkdirAll(filepath.Join(dir+".unfinished", "rest"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := ensure(t.Context(), recipe{}, dir, writesOne, silent); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "etcd" {
		t.Errorf("the folder holds %v, want the one program", entries)
	}
}

func TestWaitingForAnotherBuilderEndsWithTheContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	second, err := lock(ctx, path, cancel)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the context has ended", err)
	}
	if second != nil {
		t.Error("took a lock that is held")
	}
}
