package workload

import (
	"bytes"
	"io"
	"os"
)

// smallBuffer is how long files are that are read at once. The longer a file, the
// less it matters what the system does to open it.
const smallBuffer = 64 << 10

// ReadSmall is [Reader.ReadFile] for a file of which all can be kept: a regular one
// of at most so many bytes. It returns what is in the file and how long that is.
// Whatever else the file is, such as one that cannot be opened, ok is false, and it
// is as if nobody had looked.
func (r *Reader) ReadSmall(file File, most int64) (items []Item, size int64, ok bool) {
	keep := func(item Item) bool {
		items = append(items, item)
		return true
	}
	if file.tree != nil {
		b := r.borrow()
		defer r.giveBack(b)
		if cap(b.text) < smallBuffer {
			b.text = make([]byte, smallBuffer)
		}
		text := b.text[:smallBuffer]
		if n, ok := file.tree.readSmall(file.Path, text[:min(smallBuffer, most+1)]); ok {
			r.readText(file.Path, text[:n], keep)
			return items, int64(n), true
		}
	}
	in, size := file.openSmall(most)
	if in == nil {
		return nil, 0, false
	}
	defer func() { _ = in.Close() }() // it was only read
	r.Read(file.Path, once{in})(keep)
	return items, size, true
}

// openSmall opens a regular file of at most so many bytes. It is nil if there is
// none.
func (f File) openSmall(most int64) (in *os.File, size int64) {
	if f.Path == Stdin || f.Whole {
		return nil, 0
	}
	if f.tree == nil { // to open a pipe may be to wait for somebody who writes to it
		if info, err := os.Stat(f.Path); err != nil || !info.Mode().IsRegular() {
			return nil, 0
		}
	}
	in, err := f.Open()
	if err != nil {
		return nil, 0
	}
	info, err := in.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > most {
		_ = in.Close() // nothing was read
		return nil, 0
	}
	return in, info.Size()
}

// once is a file that is read once, from its beginning to its end, as small ones
// are: not to ask how it could be read again saves two system calls.
type once struct{ io.Reader }

// readText yields what [Reader.Read] does for a text that is in memory, of which
// nothing is kept.
func (r *Reader) readText(name string, text []byte, yield func(Item) bool) {
	f := file{r: r, name: name, yield: yield}
	if !isOnePiece(text, r.opts.MaxObject) {
		f.read(once{bytes.NewReader(text)})
		return
	}
	f.buffers = r.borrow()
	defer r.giveBack(f.buffers)
	f.piece(&piece{text: bytes.Clone(text), line: 1, first: true})
}
