package cli

import "github.com/spf13/pflag"

// failOn says which violations make a check fail.
type failOn = string

const (
	failOnEnforce failOn = "enforce" // those of the policy that is enforced
	failOnWarn    failOn = "warn"    // those of the warn mode, too
	failOnNever   failOn = "never"   // none; errors do all the same
)

// failOnValues are all of them, the default first.
func failOnValues() []failOn { return []failOn{failOnEnforce, failOnWarn, failOnNever} }

// failOnFlag defines --fail-on.
func failOnFlag(fs *pflag.FlagSet, to *failOn) {
	*to = failOnEnforce
	fs.Var(&choice{to: to, values: failOnValues(), name: "MODE"}, "fail-on",
		"fail for violations of what is enforced, of the warn mode too, or for none (enforce, warn, never); errors always fail")
}
