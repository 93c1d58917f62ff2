package plugins

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/internal/run"
)

// Use is what the plugins in processes took, by what the configuration calls them.
func (s *Set) Use() []run.PluginUse {
	var all []run.PluginUse
	for _, p := range s.opened {
		u, offer := p.Usage(), p.Core()
		all = append(all, run.PluginUse{Name: cmp.Or(s.called[p], offer.Name), Version: offer.Version, Digest: p.Digest(), Calls: u.Calls, Seconds: u.Seconds, Sent: u.Sent, Received: u.Received, MaxMemory: u.Memory})
	}
	slices.SortFunc(all, func(a, b run.PluginUse) int { return strings.Compare(a.Name+a.Digest, b.Name+b.Digest) })
	return all
}

// Levels are those of what plugins log, the most talkative first.
func Levels() []string { return []string{"debug", "info", "warn", "error", "off"} }

// levelOf is the level of a line: of a JSON object its level (or @level, as hclog writes it), else the word that it begins with, such as DEBUG:,
// [WARN] or level=error. Any other line is info.
func levelOf(line string) string {
	word := line
	if strings.HasPrefix(line, "{") {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) == nil {
			for _, key := range []string{"level", "@level", "levelname", "severity"} {
				if text, ok := entry[key].(string); ok {
					word = text
				}
			}
		}
	}
	word = strings.ToLower(strings.TrimLeft(word, "[( "))
	word = strings.TrimPrefix(word, "level=")
	if i := strings.IndexAny(word, " :])\t"); i >= 0 {
		word = word[:i]
	}
	switch word {
	case "trace", "debug":
		return "debug"
	case "warn", "warning":
		return "warn"
	case "error", "critical", "fatal", "panic":
		return "error"
	}
	return "info"
}

// shown reports whether a line is of a level that is wanted.
func (s *Set) shown(line string) bool {
	levels := Levels()
	return slices.Index(levels, levelOf(line)) >= max(slices.Index(levels, s.Level), 0)
}

// ServeDebug starts a plugin as a host would, for runs that attach to it, and gives say the value of remote.ReattachVariable. It ends with the plugin, or
// with ctx, and ends the plugin then. What the plugin prints goes to stderr.
func ServeDebug(ctx context.Context, command []string, stderr io.Writer, say func(reattach string)) error {
	dir, err := os.MkdirTemp("", "zagg-debug-")
	if err != nil {
		return core.Errorf(core.Unavailable, "plugins serve", command[0], "%w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(remote.Environment(os.Environ()), "ZAGG_PLUGIN=grids-readers-statistics", "PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR="+dir)
	cmd.Stderr = stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return core.Errorf(core.Unavailable, "plugins serve", command[0], "%w", err)
	}
	defer in.Close() //nolint:errcheck // nothing is written
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return core.Errorf(core.Invalid, "plugins serve", command[0], "%w", err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		parts := strings.Split(lines.Text(), "|")
		if len(parts) < 5 || parts[0] != "1" || parts[2] != "unix" { // a debugger has words of its own
			_, _ = io.WriteString(stderr, lines.Text()+"\n")
			continue
		}
		p, err := remote.Attach(ctx, command[0], parts[3])
		if err != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			return err
		}
		say(p.Core().Name + "=" + parts[3])
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return nil // it was asked to end
	}
	if err != nil {
		return core.Errorf(core.Internal, "plugins serve", command[0], "it ended: %w", err)
	}
	return nil
}
