// Package pluginlock reads and writes zagg.lock, the file that pins the plugins and versions of the configurations in a folder.
package pluginlock

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
)

// fileName is the file's.
const fileName = "zagg.lock"

// format is the version of the file.
const format = 1

// A Lock is the content of a file: plugins that do not come with zagg, by name.
type Lock struct {
	Path    string
	Plugins []job.Plugin
	Offers  map[string][]Offer  // by plugin: what it offers, so that a configuration is checked without starting it
	Inputs  map[string][]string // of statistics, by what configurations call them: params of these names may be columns
}

// An Offer is a grid, reader or statistic with the JSON schema of its configuration.
type Offer struct {
	Kind   string          `json:"kind"`
	Name   string          `json:"name"`
	Schema json.RawMessage `json:"schema,omitempty"`
}

type document struct {
	Version int                 `json:"version"`
	Plugins []job.Plugin        `json:"plugins"`
	Offers  map[string][]Offer  `json:"offers,omitempty"`
	Inputs  map[string][]string `json:"inputs,omitempty"`
}

// Beside reads the lock beside a configuration file. It is nil where there is none, or where the configuration is no file.
func Beside(configFile string) (*Lock, error) {
	if _, err := os.Stat(configFile); err != nil {
		return nil, nil //nolint:nilerr // a shipped configuration has no folder
	}
	path := filepath.Join(filepath.Dir(configFile), fileName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, core.Errorf(core.Invalid, "", path, "%w", err)
	}
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, core.Errorf(core.Invalid, "", path, "%w; `zagg plugins lock` writes it", err)
	}
	if d.Version != format {
		return nil, core.Errorf(core.Unsupported, "", path, "it is of version %d; this zagg reads %d", d.Version, format)
	}
	return &Lock{Path: path, Plugins: d.Plugins, Offers: d.Offers, Inputs: d.Inputs}, nil
}

// Check refuses plugins that are not those of the lock, naming both. No lock allows all.
func (l *Lock) Check(used []job.Plugin) error {
	if l == nil {
		return nil
	}
	var wrong []string
	for _, p := range job.ForeignPlugins(used) {
		if slices.Contains(l.Plugins, p) {
			continue
		}
		var locked []string
		for _, q := range l.Plugins {
			if q.Name == p.Name {
				locked = append(locked, q.String())
			}
		}
		if len(locked) == 0 {
			wrong = append(wrong, "it does not have plugin "+p.String())
			continue
		}
		wrong = append(wrong, "it has plugin "+strings.Join(locked, " or ")+", and here is "+p.String())
	}
	if len(wrong) == 0 {
		return nil
	}
	return core.Errorf(core.Denied, "", l.Path, "%s: use that, or `zagg plugins lock` to take what is here", strings.Join(wrong, "; "))
}

// Write locks the configurations of a folder to plugins: those of the same name are replaced, others stay. offers are by plugin, inputs by
// statistic.
func Write(configFile string, used []job.Plugin, offers map[string][]Offer, inputs map[string][]string) (*Lock, error) {
	if _, err := os.Stat(configFile); err != nil {
		return nil, core.Errorf(core.Invalid, "", configFile, "a lock lies beside a configuration file, and this is none")
	}
	l, err := Beside(configFile)
	if err != nil {
		return nil, err
	}
	if l == nil {
		l = &Lock{Path: filepath.Join(filepath.Dir(configFile), fileName)}
	}
	used = job.ForeignPlugins(used)
	l.Plugins = slices.DeleteFunc(l.Plugins, func(p job.Plugin) bool {
		return slices.ContainsFunc(used, func(u job.Plugin) bool { return u.Name == p.Name })
	})
	l.Plugins = append(l.Plugins, used...)
	if l.Offers == nil {
		l.Offers = map[string][]Offer{}
	}
	for _, p := range used {
		l.Offers[p.Name] = offers[p.Name]
	}
	if l.Inputs == nil {
		l.Inputs = map[string][]string{}
	}
	maps.Copy(l.Inputs, inputs)
	slices.SortFunc(l.Plugins, func(a, b job.Plugin) int { return strings.Compare(a.Name+"\x00"+a.Digest, b.Name+"\x00"+b.Digest) })
	text, err := json.MarshalIndent(document{Version: format, Plugins: l.Plugins, Offers: l.Offers, Inputs: l.Inputs}, "", "  ")
	if err != nil {
		return nil, err
	}
	tmp := l.Path + ".part"
	if err = os.WriteFile(tmp, append(text, '\n'), 0o644); err == nil {
		err = os.Rename(tmp, l.Path)
	}
	if err != nil {
		os.Remove(tmp) //nolint:errcheck // the first error counts
		return nil, core.Errorf(core.Invalid, "", l.Path, "%w", err)
	}
	return l, nil
}
