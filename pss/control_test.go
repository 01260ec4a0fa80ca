package pss

import (
	"fmt"
	"slices"
	"testing"
)

// controlCase is one pod that one control is asked about.
type controlCase struct {
	name    string
	version Version // latest if zero
	level   Level   // the control's own if zero
	pod     Pod
	// want is the API server's reason and detail, as `reason (detail)`; empty
	// if the control has nothing against the pod.
	want string
	// findings are path=value, a missing value as path!.
	findings []string
}

func testControl(t *testing.T, id ID, cases []controlCase) {
	t.Helper()
	control, ok := LookupControl(id)
	if !ok {
		t.Fatalf("no control %s", id)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			lv := LevelVersion{Level: max(c.level, control.Level), Version: c.version}
			if lv.Version == 0 {
				lv.Version = Latest
			}
			verdict, err := Evaluator{}.Evaluate(&c.pod, lv)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			var findings []string
			for _, v := range verdict.Violations() {
				if v.Control != id {
					continue
				}
				got = fmt.Sprintf("%s (%s)", v.Reason, v.Detail)
				for _, f := range v.Findings {
					if f.Allowed == "" || f.Fix == "" {
						t.Errorf("%s: a finding without what is allowed or how to fix it", f.Path())
					}
					if f.Explicit {
						findings = append(findings, f.Path()+"="+f.Value.String())
					} else {
						findings = append(findings, f.Path()+"!"+f.Value.String())
					}
				}
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if !slices.Equal(findings, c.findings) {
				t.Errorf("findings\ngot  %q\nwant %q", findings, c.findings)
			}
		})
	}
}

// containers makes a pod's containers: init containers are named i…, ephemeral
// ones e…, all others are regular.
func containers(cs ...Container) []Container {
	var index [3]int
	for i := range cs {
		switch cs[i].Name[0] {
		case 'i':
			cs[i].Kind = InitContainer
		case 'e':
			cs[i].Kind = EphemeralContainer
		default:
			cs[i].Kind = RegularContainer
		}
		cs[i].Index = index[cs[i].Kind]
		index[cs[i].Kind]++
	}
	return cs
}

func TestCatalogueIsInMessageOrder(t *testing.T) {
	t.Parallel()
	controls := Controls()
	if len(controls) != 19 {
		t.Errorf("%d controls, the standard has 19", len(controls))
	}
	if len(controls) > 32 {
		t.Error("a Verdict keeps failed controls in 32 bits")
	}
	for i := 1; i < len(controls); i++ {
		a, b := controls[i-1], controls[i]
		if a.Level > b.Level || a.Level == b.Level && a.ID >= b.ID {
			t.Errorf("%s stands before %s: baseline comes before restricted, then IDs by byte", a.ID, b.ID)
		}
	}
}

func TestEveryControlIsDescribed(t *testing.T) {
	t.Parallel()
	for _, c := range Controls() {
		if c.Name == "" || c.Why == "" || c.Fix == "" || len(c.Fields) == 0 || len(c.Allowed) == 0 || c.describe == nil {
			t.Errorf("%s lacks a part of its description", c.ID)
		}
		for i, r := range c.Revisions {
			if r.Change == "" || r.rule.find == nil || r.rule.finding == nil || !r.Since.Valid() || r.Since == Latest {
				t.Errorf("%s: revision %d is incomplete", c.ID, i)
			}
			if i > 0 && r.Since <= c.Revisions[i-1].Since {
				t.Errorf("%s: revisions are not in order", c.ID)
			}
			for _, id := range r.Overrides {
				o, ok := LookupControl(id)
				if !ok || o.Level != Baseline || c.Level != Restricted {
					t.Errorf("%s overrides %s: only restricted controls override, and only baseline ones", c.ID, id)
				}
			}
		}
	}
	if _, ok := LookupControl("none"); ok {
		t.Error("found a control that does not exist")
	}
}

func TestNumberOfControlsInForce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		level     Level
		from, to  int
		wantCount int
	}{
		{Baseline, 0, 33, 11}, {Baseline, 34, 37, 12}, {Baseline, 38, 1000, 12},
		{Restricted, 0, 7, 12}, {Restricted, 8, 22, 13}, {Restricted, 23, 33, 14}, {Restricted, 34, 1000, 15},
		{Privileged, 0, 40, 0}, {Level(0), 0, 40, 0}, {Level(4), 0, 40, 0},
	} {
		for minor := c.from; minor <= c.to; minor++ {
			if got := len(ControlsAt(LevelVersion{c.level, V1(minor)})); got != c.wantCount {
				t.Errorf("%s:v1.%d has %d controls, want %d", c.level, minor, got, c.wantCount)
			}
		}
	}
	if ControlsAt(LevelVersion{Restricted, 0}) != nil {
		t.Error("the zero version has controls")
	}
	if len(ControlsAt(LevelVersion{Restricted, Latest})) != 15 {
		t.Error("restricted:latest should have 15 controls")
	}
}

func TestRevisionAt(t *testing.T) {
	t.Parallel()
	c, _ := LookupControl("allowPrivilegeEscalation")
	if _, ok := c.RevisionAt(V1(7)); ok {
		t.Error("allowPrivilegeEscalation came with v1.8")
	}
	if r, ok := c.RevisionAt(V1(24)); !ok || r.Since != V1(8) {
		t.Errorf("v1.24: %v %v", r.Since, ok)
	}
	if r, ok := c.RevisionAt(Latest); !ok || r.Since != V1(25) {
		t.Errorf("latest: %v %v", r.Since, ok)
	}
	if _, ok := c.RevisionAt(0); ok {
		t.Error("the zero version has no revision")
	}
}

func TestEveryLaterRevisionSaysWhetherItIsLooser(t *testing.T) {
	t.Parallel()
	// Those that refuse more, or something else, than the one before.
	stricter := []string{"seccompProfile_baseline v1.19"}
	var got []string
	for _, c := range Controls() {
		for i, r := range c.Revisions {
			switch {
			case i == 0 && r.Looser:
				t.Errorf("%s: there is nothing that %s is looser than", c.ID, r.Since)
			case i > 0 && !r.Looser:
				got = append(got, string(c.ID)+" "+r.Since.String())
			}
		}
	}
	if !slices.Equal(got, stricter) {
		t.Errorf("not looser are %v, want %v", got, stricter)
	}
}
