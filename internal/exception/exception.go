package exception

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/match"
)

// Soon is how long before its end an exception that is used is warned about.
const Soon = 14 * 24 * time.Hour

// Exception is an exception that was read and found sound. It holds no state and
// may be used from many goroutines.
type Exception struct {
	// Name is the exception's name.
	Name string
	// Spec is what was read.
	Spec v1alpha1.PodSecurityExceptionSpec

	modes      []v1alpha1.Mode // nil for all
	namespaces match.Namespaces
	pods       *pods
	containers *containers
	controls   []control
}

// Of decodes and compiles the exception in a document. The error says in one line
// what is wrong with it. Controls are the IDs of those that profiles have beside
// the standard's.
func Of(d document.Document, controls []string) (*Exception, error) {
	if !d.Is(v1alpha1.KindPodSecurityException) {
		return nil, fmt.Errorf("apiVersion %q and kind %q are no exception: use %s and %s",
			d.APIVersion, d.Kind, v1alpha1.GroupVersion(), v1alpha1.KindPodSecurityException)
	}
	var at struct {
		Spec struct {
			ExpiresAt any `json:"expiresAt"`
		} `json:"spec"`
	}
	if err := d.Peek(&at); err == nil && at.Spec.ExpiresAt != nil {
		text, _ := at.Spec.ExpiresAt.(string)
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return nil, fmt.Errorf("spec.expiresAt: %q is no time: write one such as 2027-03-01T00:00:00Z", at.Spec.ExpiresAt)
		}
	}
	var e v1alpha1.PodSecurityException
	if err := d.Decode(&e); err != nil {
		return nil, err
	}
	return Compile(&e, controls)
}

// Compile compiles an exception. The error says in one line what is wrong with
// it.
func Compile(e *v1alpha1.PodSecurityException, controls []string) (*Exception, error) {
	if err := match.Name("exception", e.Name); err != nil {
		return nil, err
	}
	spec := e.Spec.DeepCopy()
	switch {
	case strings.TrimSpace(spec.Reason) == "":
		return nil, errors.New("spec.reason is missing: say why the exception is there")
	case spec.ExpiresAt != nil && spec.ExpiresAt.IsZero():
		return nil, errors.New("spec.expiresAt is no time: write one such as 2027-03-01T00:00:00Z, or remove it")
	}
	for _, text := range []struct {
		field, value string
		most         int
	}{{"reason", spec.Reason, 1024}, {"owner", spec.Owner, 256}, {"ticket", spec.Ticket, 256}} {
		if utf8.RuneCountInString(text.value) > text.most {
			return nil, fmt.Errorf("spec.%s: it has more than %d characters: an API server takes no more", text.field, text.most)
		}
	}
	if err := modes(spec.Modes); err != nil {
		return nil, err
	}
	to := &Exception{Name: e.Name, Spec: *spec, modes: spec.Modes}
	var err error
	if to.namespaces, err = match.NewNamespaces("spec.namespaces", spec.Namespaces); err != nil {
		return nil, err
	}
	if to.pods, err = newPods(spec.Pods); err != nil {
		return nil, err
	}
	if to.containers, err = newContainers(spec.Containers); err != nil {
		return nil, err
	}
	if to.controls, err = newControls(spec.Controls, controls); err != nil {
		return nil, err
	}
	return to, nil
}

func modes(all []v1alpha1.Mode) error {
	if all != nil && len(all) == 0 {
		return errors.New("spec.modes: the list is empty: write something into it, or remove it")
	}
	for i, m := range all {
		switch {
		case m != v1alpha1.Enforce && m != v1alpha1.Audit && m != v1alpha1.Warn:
			return fmt.Errorf("spec.modes[%d]: %q is no mode: use enforce, audit or warn", i, m)
		case slices.Contains(all[:i], m):
			return fmt.Errorf("spec.modes[%d]: %q stands in the list twice", i, m)
		}
	}
	return nil
}

// Expires returns when the exception ends; ok is false if it never does.
func (e *Exception) Expires() (at time.Time, ok bool) {
	if e.Spec.ExpiresAt == nil {
		return time.Time{}, false
	}
	return e.Spec.ExpiresAt.Time, true
}

// Expired reports whether the exception has ended: from its very moment on.
func (e *Exception) Expired(now time.Time) bool {
	at, ok := e.Expires()
	return ok && !now.Before(at)
}

// ExpiresSoon reports whether the exception ends within [Soon].
func (e *Exception) ExpiresSoon(now time.Time) bool {
	at, ok := e.Expires()
	return ok && now.Before(at) && !now.Before(at.Add(-Soon))
}

// counts reports whether the exception counts in a mode.
func (e *Exception) counts(mode v1alpha1.Mode) bool {
	return e.modes == nil || slices.Contains(e.modes, mode)
}

// in reports whether the exception is for a namespace. A selector selects none
// whose labels are not known: it could be by a label that is not there.
func (e *Exception) in(name string, labels map[string]string) bool {
	return (labels != nil || e.Spec.Namespaces.Selector == nil) && e.namespaces.Match(name, labels)
}

// matches reports whether the pod is one of those that are excepted.
func (e *Exception) matches(p *Pod) bool {
	return e.in(p.Namespace, p.NamespaceLabels) && (e.pods == nil || e.pods.match(p))
}

// covers reports whether a finding in a pod that the exception matches is
// covered. What a container does frees no other, and an exception for containers
// covers nothing that the pod as a whole does.
func (e *Exception) covers(p *Pod, f *Finding) bool {
	if e.containers != nil && (f.Container == nil || !e.containers.match(p, f.Container)) {
		return false
	}
	return slices.ContainsFunc(e.controls, func(c control) bool { return c.covers(p, f) })
}
