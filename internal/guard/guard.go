package guard

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/match"
	"github.com/gabion-security/gabion/pss"
)

// Action is what becomes of a weakening. A stricter one is greater.
type Action uint8

// The actions.
const (
	Audit Action = iota + 1 // it is noted in the audit log
	Warn                    // who makes it is told, too
	Deny                    // it is refused
)

// Guard is a compiled PodSecurityGuard. It never changes.
type Guard struct {
	name       string
	action     Action
	namespaces match.Namespaces
	floor      map[Mode]pss.LevelVersion // of the modes that have one
	lock       bool
	newer      bool // a newer version may be a weakening
	pods       onPods
	fillings   map[Mode]filling // of new namespaces
}

// Of decodes and compiles the guard in a document. The error says in one line
// what is wrong with it.
func Of(d document.Document) (*Guard, error) {
	if !d.Is(v1alpha1.KindPodSecurityGuard) {
		return nil, fmt.Errorf("apiVersion %q and kind %q are no guard: use %s and %s",
			d.APIVersion, d.Kind, v1alpha1.GroupVersion(), v1alpha1.KindPodSecurityGuard)
	}
	var g v1alpha1.PodSecurityGuard
	if err := d.Decode(&g); err != nil {
		return nil, err
	}
	return Compile(&g)
}

// Compile compiles a guard. The error says in one line what is wrong with it.
func Compile(g *v1alpha1.PodSecurityGuard) (*Guard, error) {
	s := &g.Spec
	compiled := &Guard{name: g.Name, lock: s.Lock}
	var err error
	if err := match.Name("guard", g.Name); err != nil {
		return nil, err
	}
	if compiled.namespaces, err = match.NewNamespaces("spec.namespaces", s.Namespaces); err != nil {
		return nil, err
	}
	switch s.Action {
	case v1alpha1.GuardAudit:
		compiled.action = Audit
	case "", v1alpha1.GuardWarn:
		compiled.action = Warn
	case v1alpha1.GuardDeny:
		compiled.action = Deny
	default:
		return nil, fmt.Errorf("spec.action: %q must be one of audit, warn, deny", s.Action)
	}
	switch s.NewerVersions {
	case "", v1alpha1.NewerAllowed:
	case v1alpha1.NewerGuarded:
		compiled.newer = true
	default:
		return nil, fmt.Errorf("spec.newerVersions: %q must be one of allowed, guarded", s.NewerVersions)
	}
	if s.Floor == nil && !s.Lock && s.Profile == "" && s.NewNamespaces == nil && s.Workloads == "" && s.EphemeralContainers == "" {
		return nil, errors.New("spec guards nothing: state a floor, or lock: true, a profile, newNamespaces, workloads or ephemeralContainers")
	}
	if compiled.floor, err = floorOf(s.Floor); err != nil {
		return nil, err
	}
	if compiled.fillings, err = fillingsOf(s.NewNamespaces); err != nil {
		return nil, err
	}
	compiled.pods, err = onPodsOf(s)
	return compiled, err
}

func floorOf(f *v1alpha1.Floor) (map[Mode]pss.LevelVersion, error) {
	if f == nil {
		return nil, nil
	}
	floor := map[Mode]pss.LevelVersion{}
	for mode, text := range map[Mode]string{Enforce: f.Enforce, AuditMode: f.Audit, WarnMode: f.Warn} {
		if text == "" {
			continue
		}
		lv, err := parseFloor(text)
		if err != nil {
			return nil, fmt.Errorf("spec.floor.%s: %q: %w, as in baseline:latest", mode, text, err)
		}
		floor[mode] = lv
	}
	if len(floor) == 0 {
		return nil, errors.New("spec.floor is empty: state enforce, audit or warn, or remove it")
	}
	return floor, nil
}

// parseFloor reads LEVEL or LEVEL:VERSION.
func parseFloor(text string) (pss.LevelVersion, error) {
	name, version, ok := strings.Cut(text, ":")
	lv := pss.LevelVersion{Version: pss.Latest}
	var err error
	if lv.Level, err = pss.ParseLevel(name); err != nil {
		return lv, fmt.Errorf("the level %w", err)
	}
	if ok {
		if lv.Version, err = pss.ParseVersion(version); err != nil {
			return lv, fmt.Errorf("the version %w", err)
		}
	}
	return lv, nil
}

// Name is the name of the guard.
func (g *Guard) Name() string { return g.name }

// Renamed returns the guard by another name.
func (g *Guard) Renamed(name string) *Guard {
	renamed := *g
	renamed.name = name
	return &renamed
}

// refuses reports whether the guard takes a change of a mode for a weakening, and
// which controls are weakened by it. What is left after the change counts as pods
// are judged by the evaluator. A new namespace is to have what the guard gives to new
// ones, or more.
func (g *Guard) refuses(c *Change, mode Mode, after pss.LevelVersion, d difference) ([]pss.ID, bool) {
	lost := d.lost
	if g.newer {
		lost = d.all()
	}
	if len(lost) == 0 {
		return nil, false
	}
	below := func(least pss.LevelVersion, stated bool) bool {
		return stated && len(compare(resolve(c.Evaluator, least), resolve(c.Evaluator, after)).lost) > 0
	}
	floor, floored := g.floor[mode]
	filling, filled := g.fillings[mode]
	return lost, g.lock || below(floor, floored) || below(filling.LevelVersion, filled && c.New && mode == Enforce)
}

// minds reports whether the guard says anything of a mode.
func (g *Guard) minds(mode Mode) bool {
	_, ok := g.floor[mode]
	return ok || g.lock
}
