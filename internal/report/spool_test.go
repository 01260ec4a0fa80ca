package report

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

func TestASpoolGivesBackWhatItTook(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	for _, size := range []int{0, 1, keepInMemory, keepInMemory + 1, 3*keepInMemory + 17} {
		var s spool
		var want, got bytes.Buffer
		for i := 0; want.Len() < size; i++ {
			part := bytes.Repeat([]byte{byte('a' + i%26)}, min(4099, size-want.Len()))
			want.Write(part)
			if _, err := s.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		must(t, s.drain(&got))
		if !bytes.Equal(want.Bytes(), got.Bytes()) {
			t.Errorf("%d bytes came back as %d, or other ones", want.Len(), got.Len())
		}
		if s.some != (size > 0) {
			t.Errorf("%d bytes: some is %v", size, s.some)
		}
	}
	left, err := os.ReadDir(temporary)
	must(t, err)
	if len(left) > 0 {
		t.Errorf("%d files were left behind", len(left))
	}
}

func TestManyErrorsStayOneDocument(t *testing.T) {
	t.Parallel()
	r := checkReport{results: []Result{passing("a")}}
	for range 10_000 {
		r.errors = append(r.errors, Error{Source{File: "a.yaml"}, "broken"})
	}
	var got struct{ Errors []Error }
	must(t, json.Unmarshal(write(t, "json", Style{}, r), &got))
	if len(got.Errors) != len(r.errors) {
		t.Errorf("%d errors, want %d", len(got.Errors), len(r.errors))
	}
}
