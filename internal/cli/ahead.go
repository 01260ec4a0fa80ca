package cli

import (
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gabion-security/gabion/workload"
)

const (
	// aheadBatches is how many batches of files for each processor may be read
	// before their turn.
	aheadBatches = 4
	// aheadFiles is how many files a batch may have.
	aheadFiles = 32
	// aheadSize is how much of a batch may be read before its turn. A longer file
	// is a List perhaps, whose items are handed on as they are read.
	aheadSize = 1 << 20
)

// turn is a file in its turn.
type turn struct {
	file workload.File
	err  error // of walking
	// items are what is in the file, if it was read ahead.
	items []workload.Item
	read  bool
	// template says that it is one of a chart, which Helm has for itself.
	template bool
}

// batch is files that one goroutine reads one after the other: to hand over each
// for itself would cost as much as reading it.
type batch struct {
	turns []turn
	size  int64         // of what was read ahead
	ahead chan struct{} // closed when that has ended
}

// turns yields the files that a walk finds, in their order. Small ones are read
// before their turn, several at once.
func (in *input) turns(walk iter.Seq2[workload.File, error]) iter.Seq[*turn] {
	return func(yield func(*turn) bool) {
		q := queue{in: in, batches: make(chan *batch, aheadBatches*runtime.GOMAXPROCS(0)), yield: yield, most: 1}
		defer q.reading.Wait()
		defer close(q.batches)
		defer q.over.Store(true)
		for range runtime.GOMAXPROCS(0) {
			q.reading.Go(q.read)
		}
		for file, err := range walk {
			if !q.add(turn{file: file, err: err, template: in.render != nil && in.render.met.template(file.Path)}) {
				return
			}
		}
		q.end()
	}
}

// queue is the batches whose turn has not come.
type queue struct {
	in      *input
	yield   func(*turn) bool
	reading sync.WaitGroup
	over    atomic.Bool // nobody waits for what has not been read
	// batches are to be read. As many as may wait fit in, so that nobody waits to
	// put one there.
	batches chan *batch
	waiting []*batch // in their order
	next    []turn   // of the batch that comes after them
	// most is how many files that may be. It begins with one, and follows how much
	// of a batch was read: there is something to do for everybody, be the files few
	// or long.
	most int
}

// add puts a file at the end. For that the turn of others may come.
func (q *queue) add(t turn) (more bool) {
	if q.next = append(q.next, t); len(q.next) < q.most {
		return true
	}
	q.push()
	return len(q.waiting) < cap(q.batches) || q.pop()
}

// end gives the rest their turn.
func (q *queue) end() {
	q.push()
	for len(q.waiting) > 0 && q.pop() {
	}
}

// push has a batch read.
func (q *queue) push() {
	b := &batch{turns: q.next, ahead: make(chan struct{})}
	q.waiting, q.next = append(q.waiting, b), make([]turn, 0, q.most)
	q.batches <- b
}

// pop gives the files of the first batch their turn.
func (q *queue) pop() (more bool) {
	b := q.waiting[0]
	q.waiting = q.waiting[1:]
	<-b.ahead
	if b.size > aheadSize/2 {
		q.most = max(q.most/2, 1)
	} else {
		q.most = min(q.most*2, aheadFiles)
	}
	for i := range b.turns {
		if !q.yield(&b.turns[i]) {
			return false
		}
	}
	return true
}

// read reads batches ahead.
func (q *queue) read() {
	for b := range q.batches {
		q.readAhead(b)
	}
}

// readAhead reads the small files of a batch. Whatever else a file is, such as a
// pipe or a chart, nobody touches it before its turn.
func (q *queue) readAhead(b *batch) {
	defer close(b.ahead)
	for i := range b.turns {
		if q.over.Load() {
			return
		}
		t := &b.turns[i]
		if t.err != nil || t.template || q.in.isChart(t.file) {
			continue
		}
		var size int64
		if t.items, size, t.read = q.in.reader.ReadSmall(t.file, aheadSize-b.size); t.read {
			q.in.console.advance(size)
			b.size += size
		}
	}
}

// all yields what is in the file.
func (t *turn) all(in *input) iter.Seq[workload.Item] {
	if t.read {
		return slices.Values(t.items)
	}
	return in.open(t.file)
}
