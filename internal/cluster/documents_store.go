package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"
)

// failuresTell is how often in a row objects that are known cannot be read before
// that is something to tell.
const failuresTell = 3

// documents are the objects of one kind, as a reflector reports them.
type documents struct {
	kind, resource string
	// stay says that the objects outlast their definition.
	stay    bool
	now     func() time.Time
	settles time.Duration
	log     *slog.Logger
	changed func() // called without the lock

	mu    sync.Mutex
	all   map[string]*held
	known bool   // it has been heard which there are
	there bool   // they were served, when it was asked last
	fault string // why they cannot be read
	// failures is how often they could not be read in a row.
	failures int
	heard    time.Time // when something was last heard of the API server
}

// held is an object that counts.
type held struct {
	*object

	statusSince time.Time
	// gone is since when it is not there any more; zero while it is.
	gone time.Time
	// orphan says that its definition is gone, too.
	orphan bool
}

var _ cache.ReflectorStore = (*documents)(nil)

// reduceDocument leaves of an object what [Object] has.
func reduceDocument(whole runtime.Object) (*object, error) {
	u, ok := whole.(*unstructured.Unstructured)
	if !ok {
		return nil, fmt.Errorf("%T instead of an object", whole)
	}
	fields := maps.Clone(u.Object)
	fields["metadata"] = map[string]any{"name": u.GetName()}
	var status []byte
	if fields["status"] != nil {
		var err error
		if status, err = json.Marshal(fields["status"]); err != nil {
			return nil, err
		}
	}
	delete(fields, "status")
	text, err := json.Marshal(fields)
	return &object{name: u.GetName(), version: u.GetResourceVersion(), generation: u.GetGeneration(), json: text, status: status}, err
}

// Add takes an object that is new.
func (d *documents) Add(o any) error {
	one, err := documentOf(o)
	if err == nil {
		d.change(func() bool { return d.set(one) })
	}
	return err
}

// Update takes an object that has changed.
func (d *documents) Update(o any) error { return d.Add(o) }

// Delete takes an object that is gone.
func (d *documents) Delete(o any) error {
	one, err := documentOf(o)
	if err == nil {
		d.change(func() bool { return d.lose(one.name) })
	}
	return err
}

// Replace takes all objects that there are.
func (d *documents) Replace(list []any, _ string) error {
	there := map[string]*object{}
	for _, o := range list {
		one, err := documentOf(o)
		if err != nil {
			return err
		}
		there[one.name] = one
	}
	d.change(func() bool {
		news := !d.known || d.fault != ""
		d.known, d.there, d.fault, d.failures = true, true, "", 0
		for _, one := range there {
			news = d.set(one) || news
		}
		for name := range d.all {
			if there[name] == nil {
				news = d.lose(name) || news
			}
		}
		return news
	})
	return nil
}

func documentOf(o any) (*object, error) {
	one, ok := o.(*object)
	if !ok {
		return nil, fmt.Errorf("%T is no document", o)
	}
	return one, nil
}

// UpdateResourceVersion notes that the API server has said that nothing is new.
func (d *documents) UpdateResourceVersion(string) { d.change(func() bool { return false }) }

// Resync has nothing to do.
func (*documents) Resync() error { return nil }

// change notes what the API server has said, and tells of it if it is news.
func (d *documents) change(do func() bool) {
	d.tellOf(func() bool {
		d.heard = d.now()
		return do()
	})
}

// tellOf is change for what the API server has not said.
func (d *documents) tellOf(do func() bool) {
	d.mu.Lock()
	news := do()
	d.mu.Unlock()
	if news {
		d.changed()
	}
}

// set notes an object. It is news if it says something else than it did.
func (d *documents) set(o *object) bool {
	before := d.all[o.name]
	h := &held{object: o, statusSince: d.now()}
	if before != nil && bytes.Equal(before.status, o.status) {
		h.statusSince = before.statusSince
	}
	d.all[o.name] = h
	return before == nil || !bytes.Equal(before.json, o.json)
}

// lose notes that an object is not there. What stays is not lost yet.
func (d *documents) lose(name string) bool {
	h := d.all[name]
	if h == nil {
		return false
	}
	if d.stay {
		if h.gone.IsZero() {
			h.gone = d.now()
		}
		return false
	}
	delete(d.all, name)
	return true
}

// unserved notes that the API server has no such resource.
func (d *documents) unserved() {
	d.change(func() bool {
		if d.there {
			d.log.Warn("the definition is gone", slog.String("kind", d.kind))
		}
		news := !d.known || d.fault != ""
		d.known, d.there, d.fault, d.failures = true, false, "", 0
		if d.stay {
			for _, name := range slices.Sorted(maps.Keys(d.all)) {
				d.orphan(name)
			}
			return news
		}
		news = news || len(d.all) > 0
		clear(d.all)
		return news
	})
}

// orphan keeps an object that has gone with its definition.
func (d *documents) orphan(name string) {
	h := d.all[name]
	if h.orphan {
		return
	}
	h.orphan, h.gone = true, d.now()
	d.log.Warn("the object stays in force although its definition is gone, until one of its name comes, or this program starts anew",
		slog.String("kind", d.kind), slog.String("name", name))
}

// settling reports whether it is open of an object what has become of it.
func (d *documents) settling() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, h := range d.all {
		if !h.gone.IsZero() && !h.orphan {
			return true
		}
	}
	return false
}

// settle drops what has been gone for a while, if the definition is sound, and else
// keeps it.
func (d *documents) settle(sound bool) {
	d.tellOf(func() bool {
		news := false
		for _, name := range slices.Sorted(maps.Keys(d.all)) {
			h := d.all[name]
			switch {
			case h.gone.IsZero() || h.orphan:
			case !sound:
				d.orphan(name)
			case d.now().Sub(h.gone) >= d.settles:
				delete(d.all, name)
				news = true
			}
		}
		return news
	})
}

// fail notes that the objects could not be read, which a watch that has ended is
// not. Of what is known that only says something if it goes on, and if the API server
// says it: it may be busy, or away.
func (d *documents) fail(err error) {
	if err == nil || apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		return
	}
	d.tellOf(func() bool {
		d.failures++
		if d.fault == oneLine(err) || d.known && (d.failures < failuresTell || !isStatus(err)) {
			return false
		}
		d.fault = oneLine(err)
		d.log.Error("objects cannot be read", slog.String("kind", d.kind), slog.String("error", d.fault))
		return true
	})
}

func (d *documents) begun() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known || !d.stay && d.fault != ""
}

func (d *documents) unready() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !d.stay:
		return ""
	case d.fault != "":
		return d.resource + " cannot be read: " + d.fault
	case !d.known:
		return d.resource + " not synced"
	}
	return ""
}

func (d *documents) list() []Object {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]Object, 0, len(d.all))
	for _, name := range slices.Sorted(maps.Keys(d.all)) {
		h := d.all[name]
		all = append(all, Object{
			Kind: d.kind, Name: name, JSON: h.json, Version: h.version, Generation: h.generation,
			Status: h.status, StatusSince: h.statusSince, Gone: !h.gone.IsZero(),
		})
	}
	return all
}

func (d *documents) size() (int, time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.known {
		return 0, -1
	}
	return len(d.all), d.now().Sub(d.heard)
}
