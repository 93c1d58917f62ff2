package plugins

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/plugindigest"
)

// A Trust says which commands a Set may start. What a person names on the command line herself she has agreed to; a configuration may be a stranger's.
// The zero Trust starts nothing.
type Trust struct {
	Starts bool                       // plugins may be started at all: this command computes with them
	All    bool                       // all of them, unasked
	Ask    func(question string) bool // about a command that no digest pins; nil: there is nobody to ask, and it is refused
	File   string                     // digests that were said yes to, one a line; "": none is remembered
}

// A NotStartedError is of plugins that would have been needed, of a command that does not start any.
type NotStartedError struct {
	Needs    string   // "grid hexes"
	Commands []string // that may offer it
	Lock     string   // a lock by which names and keys are right; "": there is none that knows
}

func (e *NotStartedError) Error() string {
	if e.Lock != "" {
		return fmt.Sprintf("%s fits what %s has of plugins, which are not started here; what else they check was not: `zagg run` and --allow-plugins start them", e.Needs, e.Lock)
	}
	return fmt.Sprintf("%s is not linked in, and plugins are not started here: %s; `zagg run` and `zagg plugins verify` start them, and so does --allow-plugins", e.Needs, strings.Join(e.Commands, ", "))
}

// check decides whether a command of a configuration may be started, and gives the digest that its code then must have.
func (t *Trust) check(p config.Plugin, command []string) (pin string, err error) {
	if t.All || p.SHA256 != "" {
		return p.SHA256, nil
	}
	code, err := plugindigest.Of(command)
	if err != nil {
		return "", nil //nolint:nilerr // remote.Open says what is wrong with it
	}
	if t.remembers(code.Digest) {
		return code.Digest, nil
	}
	line := strings.Join(command, " ")
	if t.Ask == nil {
		return "", core.Errorf(core.Denied, "plugin", p.Name, "the configuration wants `%s` started, which no sha256 pins: look at it, then write sha256: %s beside its command, or give --allow-plugins", line, code.Digest)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "The configuration starts a command, as you, for plugin %s:\n  %s\n", p.Name, line)
	for _, f := range code.Files[:min(len(code.Files), mostShown)] {
		fmt.Fprintf(&text, "  %.16s… %s\n", f.SHA256, f.Path)
	}
	if more := len(code.Files) - mostShown; more > 0 {
		fmt.Fprintf(&text, "  and %d files more\n", more)
	}
	if !t.Ask(text.String() + "Start it, now and whenever it is the same?") {
		return "", core.Errorf(core.Denied, "plugin", p.Name, "`%s` was not allowed to start", line)
	}
	return code.Digest, t.remember(code.Digest)
}

// mostShown is how many files of a plugin are shown.
const mostShown = 20

func (t *Trust) remembers(digest string) bool {
	f, err := os.Open(t.File)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if lines.Text() == digest {
			return true
		}
	}
	return false
}

func (t *Trust) remember(digest string) error {
	if t.File == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(t.File), 0o700); err != nil {
		return core.Errorf(core.Denied, "plugin", t.File, "%w", err)
	}
	f, err := os.OpenFile(t.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return core.Errorf(core.Denied, "plugin", t.File, "%w", err)
	}
	_, err = f.WriteString(digest + "\n")
	return errors.Join(err, f.Close())
}

// checkPlaces refuses a command whose files, or the folders that these lie in, others than who runs it may change.
func checkPlaces(o remote.Options) error {
	code, err := plugindigest.Of(o.Command)
	if err != nil {
		return nil //nolint:nilerr // remote.Open says what is wrong with it
	}
	var places []string
	for _, f := range code.Files {
		places = append(places, f.Path, filepath.Dir(f.Path))
	}
	slices.Sort(places)
	for _, place := range slices.Compact(places) {
		info, err := os.Stat(place)
		if err != nil {
			continue
		}
		if who := writers(info); who != "" {
			return core.Errorf(core.Denied, "plugin", o.Name, "%s can be changed by %s, who could have anything started: chmod go-w %s", place, who, place)
		}
	}
	return nil
}
