package report

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// keepInMemory is how much of a spool stays in memory.
const keepInMemory = 1 << 20

// spool keeps the part of a document that comes later than it is known. What
// does not fit into memory goes to a temporary file. The zero spool is empty.
type spool struct {
	memory bytes.Buffer
	file   *os.File
	some   bool
}

// Write appends to the spool.
func (s *spool) Write(p []byte) (int, error) {
	s.some = true
	if s.memory.Len()+len(p) > keepInMemory {
		if err := s.spill(); err != nil {
			return 0, err
		}
	}
	return s.memory.Write(p)
}

// spill moves what is in memory to the file.
func (s *spool) spill() error {
	if s.file == nil {
		f, err := os.CreateTemp("", "gabion-report-")
		if err != nil {
			return fmt.Errorf("keeping a part of the report: %w", err)
		}
		s.file = f
	}
	if _, err := s.memory.WriteTo(s.file); err != nil {
		return fmt.Errorf("keeping a part of the report: %w", err)
	}
	return nil
}

// drain writes all of the spool and empties it.
func (s *spool) drain(w io.Writer) error {
	if s.file != nil {
		defer s.discard()
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("reading back a part of the report: %w", err)
		}
		if _, err := io.Copy(w, s.file); err != nil {
			return err
		}
	}
	_, err := s.memory.WriteTo(w)
	return err
}

// discard removes the file. What is left behind if that fails is in the
// directory for temporary files.
func (s *spool) discard() {
	_ = s.file.Close()
	_ = os.Remove(s.file.Name())
	s.file = nil
}
