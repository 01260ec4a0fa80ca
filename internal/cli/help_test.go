package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// everyFlag calls yield for the flags of all commands.
func everyFlag(yield func(command string, f *pflag.Flag)) {
	s, _, _ := system()
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) { yield(cmd.CommandPath(), f) })
		for _, c := range cmd.Commands() {
			walk(c)
		}
	}
	walk(newRoot(&s))
}

func TestHelpNamesTheValuesOfFlagsInCapitals(t *testing.T) {
	t.Parallel()
	n := 0
	everyFlag(func(command string, f *pflag.Flag) {
		n++
		if value, _ := pflag.UnquoteUsage(f); value != strings.ToUpper(value) {
			t.Errorf("%s: --%s %s", command, f.Name, value)
		}
	})
	if n < 100 {
		t.Errorf("only %d flags were seen", n)
	}
}

func TestAFlagHasOneShorthandAndOneKindOfValueInAllCommands(t *testing.T) {
	t.Parallel()
	type form struct{ command, shorthand, value string }
	forms := map[string]form{}
	everyFlag(func(command string, f *pflag.Flag) {
		value, _ := pflag.UnquoteUsage(f)
		if slices.Contains([]string{"gabion snapshot --output", "gabion upgrade --from", "gabion psp simulate --user"}, command+" --"+f.Name) {
			return // there the word means something else, as their help says
		}
		now := form{command, f.Shorthand, value}
		first, known := forms[f.Name]
		if !known {
			forms[f.Name] = now
			return
		}
		if first.shorthand != now.shorthand || first.value != now.value {
			t.Errorf("--%s: %+v, but %+v", f.Name, first, now)
		}
	})
}
