package objects_test

import (
	"os"
	"strings"
	"testing"
	"time"
)

const (
	exception = "PodSecurityException"
	guard     = "PodSecurityGuard"
	profile   = "PodSecurityProfile"

	// floor keeps the editor from taking the label away.
	floor = "action: deny, namespaces: {names: [shop]}, floor: {enforce: baseline}"
)

// TestObjectsOfTheClusterArePolicies follows one `gabion serve`. The steps build on
// each other.
func TestObjectsOfTheClusterArePolicies(t *testing.T) {
	f := start(t)
	t.Run("without definitions there are none", f.undefined)
	t.Run("exceptions", f.exceptions)
	t.Run("guards", f.guards)
	t.Run("coming to be excepted is a weakening", f.excepted)
	t.Run("profiles", f.profiles)
	t.Run("a guard that cannot be read", f.broken)
	t.Run("a guard that is deleted", f.deleted)
	t.Run("what their status says", f.conditions)
	t.Run("labels for new namespaces", f.newNamespaces)
	t.Run("uses of exceptions", f.uses)
	t.Run("a definition that is changed", f.upgraded)
	t.Run("a definition that is deleted", f.unmade)
}

func (f *following) undefined(t *testing.T) {
	f.ready(t, "")
	f.passed(t, "a label that nobody guards", f.label(unlabel))
	if log, err := os.ReadFile(f.Log); err != nil || strings.Contains(string(log), "podsecurity") {
		t.Errorf("the log tells of what is not there (%v): %s", err, log)
	}
	define(t)
}

func (f *following) exceptions(t *testing.T) {
	const mesh = "reason: a test, namespaces: {names: [shop]}, controls: [{id: "
	write(t, exception, "mesh", mesh+"privileged}]")
	f.passed(t, "an exception", f.pod)
	write(t, exception, "mesh", mesh+"privilege}]")
	f.refused(t, "an exception that cannot be read", f.pod, "violates PodSecurity")
	f.logged(t, `PodSecurityException mesh: spec.controls[0].id: `)
	f.metric(t, "gabion_policy_last_reload_successful 0")
	f.ready(t, "")
	write(t, exception, "mesh", mesh+"privileged}]")
	f.passed(t, "the exception, mended", f.pod)
	f.metric(t, "gabion_policy_last_reload_successful 1")
	kubectl(t, "", "delete", "psexception", "mesh")
	f.refused(t, "an exception that is deleted", f.pod, "violates PodSecurity")
}

func (f *following) guards(t *testing.T) {
	write(t, guard, "floor", floor)
	f.refused(t, "a guard", f.label(unlabel), "PodSecurityGuard floor")
}

func (f *following) excepted(t *testing.T) {
	write(t, exception, "by-label", `reason: a test, namespaces: {selector: {matchLabels: {mesh: "on"}}}, controls: [{id: privileged}]`)
	f.refused(t, "a label that an exception selects", f.label(`"mesh":"on"`), "it comes to be excepted by PodSecurityException by-label (PodSecurityGuard floor)")
	f.passed(t, "another label", f.label(`"mesh":"off"`))
	kubectl(t, "", "delete", "psexception", "by-label")
	f.passed(t, "the label, without the exception", f.label(`"mesh":"on"`))
}

func (f *following) profiles(t *testing.T) {
	const excepted = "reason: a test, namespaces: {names: [shop]}, controls: [{id: privileged}]"
	write(t, exception, "all", excepted)
	f.passed(t, "an exception", f.pod)
	write(t, guard, "named", "action: deny, namespaces: {names: [shop]}, profile: agents")
	f.refused(t, "a profile that is missing", f.pod, "agents")
	write(t, profile, "agents", "base: {level: baseline}")
	f.passed(t, "the profile", f.pod)
	kubectl(t, "", "delete", "psprofile", "agents")
	f.refused(t, "a profile that is deleted", f.pod, "agents")
	kubectl(t, "", "delete", "psguard", "named")
	f.passed(t, "without the guard", f.pod)
	kubectl(t, "", "delete", "psexception", "all")
}

func (f *following) broken(t *testing.T) {
	write(t, guard, "floor", "action: deny, namespaces: {selector: {matchExpressions: [{key: a, operator: Near}]}}, lock: true")
	f.ready(t, "PodSecurityGuard floor: spec.namespaces.selector")
	f.refused(t, "the guard as it was", f.label(unlabel), "PodSecurityGuard floor")
	write(t, guard, "other", "action: deny, namespaces: {selector: {matchExpressions: [{key: a, operator: Near}]}}, lock: true")
	f.ready(t, "PodSecurityGuard other: spec.namespaces.selector")
	kubectl(t, "", "delete", "psguard", "other")
	kubectl(t, "", "delete", "psguard", "floor")
	f.ready(t, "")
	write(t, guard, "floor", floor)
	f.refused(t, "the guard again", f.label(unlabel), "PodSecurityGuard floor")
}

func (f *following) deleted(t *testing.T) {
	write(t, guard, "second", floor)
	f.refused(t, "two guards", f.label(unlabel), "PodSecurityGuard floor, second")
	kubectl(t, "", "delete", "psguard", "second")
	f.refused(t, "one guard", f.label(unlabel), "(PodSecurityGuard floor)")
}

// unmade deletes the definitions, with all objects.
func (f *following) unmade(t *testing.T) {
	write(t, exception, "mesh", "reason: a test, namespaces: {names: [shop]}, controls: [{id: privileged}]")
	f.passed(t, "an exception", f.pod)
	kubectl(t, "", "delete", "crd", "podsecurityguards.gabion.io", "podsecurityexceptions.gabion.io")
	f.refused(t, "an exception without its definition", f.pod, "violates PodSecurity")
	f.logged(t, "the object stays in force although its definition is gone")
	stays := func(what string) {
		t.Helper()
		for begin := time.Now(); time.Since(begin) < 15*time.Second; time.Sleep(100 * time.Millisecond) {
			if err := f.label(unlabel)(t.Context()); err == nil {
				t.Fatalf("%s: the guard is off after %s", what, time.Since(begin))
			}
		}
		f.refused(t, what, f.label(unlabel), "PodSecurityGuard floor")
	}
	stays("without a definition")
	f.ready(t, "")
	define(t)
	stays("with a new definition")
	if err := f.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.passed(t, "after a restart", f.label(unlabel))
}
