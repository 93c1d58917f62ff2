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

// Targets is a file of what is measured at every merge.
type Targets struct {
	Description string                  `json:"description,omitempty"`
	ShardMaps   map[string]TargetMap    `json:"shardmaps"`
	Targets     map[string]TargetConfig `json:"targets"`

	dir string // paths in the file are relative to it
}

// A TargetMap is a shard map of a target.
type TargetMap struct {
	Path string `json:"path"`
}

// A TargetConfig is one thing that is measured: one configuration on the densest shard of one shard map.
type TargetConfig struct {
	Comment    string `json:"_comment,omitempty"`
	Config     string `json:"config"`   // a shipped configuration or a file
	ShardMap   string `json:"shardmap"` // a name in ShardMaps
	Aggregator string `json:"aggregator"`
	GridType   string `json:"grid_type"`
	GridSize   string `json:"grid_size"`
}

// A Target is a TargetConfig with its name and paths that can be opened.
type Target struct {
	Name string
	TargetConfig
	ConfigPath   string
	ShardMapPath string
}

// readTargets reads a targets file. Keys that it does not know are those of other tools and are let be.
func readTargets(path string) (*Targets, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, core.Wrap(err, "read targets", path)
	}
	t := &Targets{dir: filepath.Dir(path)}
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(t); err != nil {
		return nil, core.Errorf(core.Invalid, "read targets", path, "%w", err)
	}
	if len(t.Targets) == 0 {
		return nil, core.Errorf(core.Invalid, "read targets", path, `there is no entry in "targets"`)
	}
	return t, nil
}

// Select gives the targets of these names, or all of them in name order if there are no names.
func (t *Targets) Select(names []string) ([]Target, error) {
	all := slices.Sorted(maps.Keys(t.Targets))
	if len(names) == 0 {
		names = all
	}
	selected := make([]Target, 0, len(names))
	for _, name := range names {
		c, ok := t.Targets[name]
		if !ok {
			return nil, core.Errorf(core.Invalid, "choose targets", name, "there is no such target: there are %s", strings.Join(all, ", "))
		}
		m, ok := t.ShardMaps[c.ShardMap]
		if !ok {
			return nil, core.Errorf(core.Invalid, "choose targets", name, "its shard map %q is not in shardmaps", c.ShardMap)
		}
		selected = append(selected, Target{Name: name, TargetConfig: c, ConfigPath: t.beside(c.Config), ShardMapPath: t.beside(m.Path)})
	}
	return selected, nil
}

// beside is a path of the file: relative to the file's folder. A name without a slash or an ending is that of a shipped configuration.
func (t *Targets) beside(path string) string {
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
