package fix_test

import (
	"bytes"
	"testing"

	"github.com/gabion-security/gabion/internal/fix"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
)

// FuzzFile fixes any text: what cannot be read stays as it is, what is fixed is so
// for good, and is no other object.
func FuzzFile(f *testing.F) {
	for _, c := range editCases {
		f.Add([]byte(podHead+c.spec), false)
		f.Add([]byte("apiVersion: v1\nkind: List\nitems: [*x, &x {}]\n---\n"+podHead+c.spec), true)
	}
	f.Add([]byte(`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a"}]}} {`), true)
	reader, err := workload.NewReader(workload.Options{JSON: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte, overwrite bool) {
		fixer := fix.Fixer{Reader: reader, Policy: pss.LevelVersion{Level: pss.Restricted, Version: pss.Latest}, Overwrite: overwrite}
		file, err := fixer.File("fuzz", text)
		if err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		if len(file.Edits) == 0 && !bytes.Equal(file.After, text) {
			t.Fatalf("%q becomes %q without an edit", text, file.After)
		}
		var before, after []workload.Object
		for item := range reader.Read("fuzz", bytes.NewReader(text)) {
			before = append(before, item.Object)
		}
		for item := range reader.Read("fuzz", bytes.NewReader(file.After)) {
			after = append(after, item.Object)
		}
		if len(before) != len(after) {
			t.Fatalf("%d objects become %d:\n%s\n%s", len(before), len(after), text, file.After)
		}
		for i := range before {
			if before[i] != after[i] {
				t.Fatalf("%+v becomes %+v", before[i], after[i])
			}
		}
		again, err := fixer.File("fuzz", file.After)
		if err != nil || len(again.Edits) > 0 {
			t.Fatalf("it is not idempotent: %v, %v\n%q\n%q", again, err, text, file.After)
		}
	})
}
