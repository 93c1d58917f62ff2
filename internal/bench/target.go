package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// A targets is a file of what is measured at every merge.
type targets struct {
	Description string                  `json:"description,omitempty"`
	ShardMaps   map[string]targetMap    `json:"shardmaps"`
	Targets     map[string]targetConfig `json:"targets"`

	dir string // paths in the file are relative to it
}

// A targetMap is a shard map of a target.
type targetMap struct {
	Path string `json:"path"`
}

// A targetConfig is one thing that is measured: one configuration on the densest shard of one shard map.
type targetConfig struct {
	Comment    string `json:"_comment,omitempty"`
	Config     string `json:"config"`   // a shipped configuration or a file
	ShardMap   string `json:"shardmap"` // a name in ShardMaps
	Aggregator string `json:"aggregator"`
	GridType   string `json:"grid_type"`
	GridSize   string `json:"grid_size"`
}

// A target is a targetConfig with its name and paths that can be opened.
type target struct {
	Name string
	targetConfig
	ConfigPath   string
	ShardMapPath string
}

// readTargets reads a targets file. Keys that it does not know are those of other tools and are let be.
func readTargets(path string) (*targets, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, core.Wrap(err, "read targets", path)
	}
	t := &targets{dir: filepath.Dir(path)}
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(t); err != nil {
		return nil, core.Errorf(core.Invalid, "read targets", path, "%w", err)
	}
	if len(t.Targets) == 0 {
		return nil, core.Errorf(core.Invalid, "read targets", path, `there is no entry in "targets"`)
	}
	return t, nil
}

// Select gives the targets of these names, or all of them in name order if there are no names.
func (t *targets) Select(names []string) ([]target, error) {
	all := slices.Sorted(maps.Keys(t.Targets))
	if len(names) == 0 {
		names = all
	}
	selected := make([]target, 0, len(names))
	for _, name := range names {
		c, ok := t.Targets[name]
		if !ok {
			return nil, core.Errorf(core.Invalid, "choose targets", name, "there is no such target: there are %s", strings.Join(all, ", "))
		}
		m, ok := t.ShardMaps[c.ShardMap]
		if !ok {
			return nil, core.Errorf(core.Invalid, "choose targets", name, "its shard map %q is not in shardmaps", c.ShardMap)
		}
		selected = append(selected, target{Name: name, targetConfig: c, ConfigPath: t.beside(c.Config), ShardMapPath: t.beside(m.Path)})
	}
	return selected, nil
}

// beside is a path of the file: relative to the file's folder. A name without a slash or an ending is that of a shipped configuration.
func (t *targets) beside(path string) string {
	if filepath.IsAbs(path) || strings.Contains(path, "://") || !strings.ContainsAny(path, "/.") {
		return path
	}
	return filepath.Join(t.dir, path)
}

// densest is the shard that a target is measured on: that of most granules, of several the one whose key comes first.
func densest(keys []core.ShardKey, granules func(i int) int) (int, error) {
	best := -1
	for i, key := range keys {
		if best < 0 || granules(i) > granules(best) || granules(i) == granules(best) && core.CompareKeys(key, keys[best]) < 0 {
			best = i
		}
	}
	if best < 0 || granules(best) == 0 {
		return 0, fmt.Errorf("no shard has a granule")
	}
	return best, nil
}
