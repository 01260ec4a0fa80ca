package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gabion-security/gabion/api/v1alpha1"
	"github.com/gabion-security/gabion/internal/document"
	"github.com/gabion-security/gabion/internal/exception"
	"github.com/gabion-security/gabion/internal/policy"
	"github.com/gabion-security/gabion/internal/profile"
	"github.com/gabion-security/gabion/internal/report"
	"github.com/gabion-security/gabion/workload"
)

// exceptionsFlag defines --exceptions.
func exceptionsFlag(fs *pflag.FlagSet, to *[]string) {
	fs.StringSliceVar(to, "exceptions", nil, "`FILES` or directories with PodSecurityExceptions: what they cover is no violation; may be repeated")
}

// exceptionsOf reads the exceptions of files and directories, and of standard
// input, if there is one. What cannot be read is an error: nothing is judged by half
// of them.
func exceptionsOf(paths []string, stdin io.Reader) ([]policy.Placed, *exception.Set, error) {
	var all []policy.Placed
	for _, path := range paths {
		files, err := []string{path}, error(nil)
		if path != workload.Stdin || stdin == nil {
			files, err = exceptionFiles(path)
		}
		if err != nil {
			return nil, nil, err
		}
		for _, file := range files {
			found, err := exceptionsInFile(file, stdin)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", report.Escape(file), err)
			}
			all = append(all, found...)
		}
	}
	if len(all) == 0 && len(paths) > 0 && !(stdin != nil && slices.Contains(paths, workload.Stdin)) { // a cluster may have none
		return nil, nil, fmt.Errorf("there is no %s in %s", v1alpha1.KindPodSecurityException, report.Escape(strings.Join(paths, ", ")))
	}
	sound := make([]*exception.Exception, len(all))
	for i := range all {
		sound[i] = all[i].Exception
	}
	set, err := exception.NewSet(sound)
	return all, set, err
}

// exceptionFiles returns the file, or those of the directory that are YAML or
// JSON, by name, but for hidden ones: what gabion serve reads in its folder.
func exceptionFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fileFault(path, err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fileFault(path, err)
	}
	var files []string
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() && !strings.HasPrefix(name, ".") && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name)) {
			files = append(files, filepath.Join(path, entry.Name()))
		}
	}
	return files, nil
}

// exceptionsInFile reads the exceptions of a file. Guards and profiles, which may
// stand beside them, are passed over; anything else is an error.
func exceptionsInFile(file string, stdin io.Reader) ([]policy.Placed, error) {
	var text []byte
	var err error
	if file == workload.Stdin && stdin != nil {
		text, err = io.ReadAll(stdin)
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fileFault("", err)
	}
	documents, err := document.Read(text)
	if err != nil {
		return nil, err
	}
	var found []policy.Placed
	for _, d := range documents {
		if d.Is(v1alpha1.KindPodSecurityGuard) || d.Is(v1alpha1.KindPodSecurityProfile) {
			continue
		}
		e, err := exception.Of(d, profile.IDs())
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", d.Line, report.Escape(d.String()), err)
		}
		found = append(found, policy.Placed{Exception: e, File: file, Line: d.Line})
	}
	return found, nil
}

// fileFault names the file in an error of the file system, once.
func fileFault(path string, err error) error {
	if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
		err = cause.Err
	}
	if path == "" {
		return err
	}
	return fmt.Errorf("%s: %w", report.Escape(path), err)
}
