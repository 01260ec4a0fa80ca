package pss

import (
	"sync/atomic"
	"testing"

	"github.com/gabion-security/gabion/oracle/pss/generate"
	"github.com/gabion-security/gabion/oracle/pss/trial"
	"github.com/gabion-security/gabion/pss"
	"github.com/gabion-security/gabion/workload"
	"github.com/gabion-security/gabion/workload/typed"
	sigsjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// optionsOf are options that differ from object to object.
func optionsOf(n uint64) workload.Options {
	return workload.Options{Stored: n&1 != 0, Extra: n&2 != 0}
}

func kindOf(n uint64) string {
	kinds := generate.Kinds()
	return kinds[n%uint64(len(kinds))]
}

func TestObjectsWrittenInAnyWayGiveTheTypedView(t *testing.T) {
	t.Parallel()
	s := trial.New(t, 20_000)
	s.Each(t, func(t *testing.T, n uint64) {
		object := s.Generator(n).Object(kindOf(n))
		options := optionsOf(n / 9)
		data, err := s.Chooser(n).Rewrite(toJSON(t, object), generate.Rewriting{UnknownSources: options.Stored})
		if err != nil {
			t.Fatal(err)
		}
		decoded := newObject(typeOf(t, data))
		decodeJSON(t, data, decoded)
		want, err := typed.Object(decoded, options)
		if err != nil {
			t.Fatal(err)
		}
		sameView(t, string(data), readJSON(t, data, options), want)
		if n%2 == 0 {
			sameView(t, string(data), readYAML(t, data, options), want)
		}
	})
}

func TestYAMLInAnyStyleIsRefusedOrGivesTheTypedView(t *testing.T) {
	t.Parallel()
	s := trial.New(t, 6_000)
	var understood, read atomic.Uint64
	s.Each(t, func(t *testing.T, n uint64) {
		data := toJSON(t, s.Generator(n).Object(kindOf(n)))
		text, err := s.Chooser(n).YAML(data)
		if n%3 == 0 {
			text, err = yaml.JSONToYAML(data) // upstream's own style, which it cannot always write
		}
		if err != nil {
			return
		}
		asJSON, err := yaml.YAMLToJSON(text)
		if err != nil {
			fileItems(newReader(t, storedWithExtra), text)
			return
		}
		refusedOrSame(t, text, asJSON, fileItems)
		if object := newObject(typeOf(t, asJSON)); object != nil && sigsjson.UnmarshalCaseSensitivePreserveInts(asJSON, object) == nil {
			understood.Add(1)
			if !refused(fileItems(newReader(t, storedWithExtra), text)) {
				read.Add(1)
			}
		}
	})
	t.Logf("of %d texts upstream understands %d, and Gabion reads %d of them", s.Count, understood.Load(), read.Load())
	if s.Count >= 1000 && (understood.Load() < s.Count/3 || read.Load() < understood.Load()*9/10) {
		t.Error("too few texts are read")
	}
}

func TestHostileTextIsRefusedOrGivesTheTypedView(t *testing.T) {
	t.Parallel()
	s := trial.New(t, 40_000)
	s.Each(t, func(t *testing.T, n uint64) {
		object := s.Generator(n).Object(kindOf(n))
		data, err := s.Chooser(n).Rewrite(toJSON(t, object), generate.Rewriting{UnknownSources: true, Hostile: true})
		if err != nil {
			t.Fatal(err)
		}
		refusedOrSame(t, data, data, jsonItems)
		if n%4 == 0 {
			refusedOrSame(t, data, data, fileItems)
		}
	})
}

func TestAVolumeWithASourceOfTheFutureIsNoEmptyDir(t *testing.T) {
	t.Parallel()
	const pod = `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c"}],"volumes":[{"name":"v","warpDrive":{}}]}}`
	view := readJSON(t, []byte(pod), workload.Options{})
	verdict, err := pss.Evaluator{}.Evaluate(&view.Pod, pss.LevelVersion{Level: pss.Restricted, Version: pss.V1(0)})
	if err != nil {
		t.Fatal(err)
	}
	// Upstream, built against this version of the API, would drop the source
	// and see an emptyDir; an API server that knows the source refuses it.
	const want = `restricted volume types (volume "v" uses restricted volume type "unknown")`
	if got := verdict.Violations(); len(got) == 0 || got[0].Reason+" ("+got[0].Detail+")" != want {
		t.Errorf("violations %v, want first %s", got, want)
	}
}
