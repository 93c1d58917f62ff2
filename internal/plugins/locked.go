package plugins

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/pluginlock"
)

// offersOf is what plugins offer, for a lock.
func offersOf(sources []host.Source) map[string][]pluginlock.Offer {
	out := map[string][]pluginlock.Offer{}
	for _, s := range sources {
		info := infoOf(s.Plugin, nil, "")
		for _, k := range info.Kinds() {
			for _, o := range k.Offers {
				out[s.Name] = append(out[s.Name], pluginlock.Offer{Kind: k.Name, Name: o.Name, Schema: o.Schema})
			}
		}
	}
	return out
}

// lockedPlugins are the plugins of a lock under the names that a configuration gives them. Nothing can be made of them.
func lockedPlugins(cfg *config.Config, lock *pluginlock.Lock) []core.Plugin {
	var out []core.Plugin
	for _, l := range cfg.Plugins {
		p := core.Plugin{Name: l.Name}
		for _, o := range lock.Offers[l.Name] {
			switch o.Kind {
			case "grid":
				p.Grids = append(p.Grids, core.Maker[core.Grid]{Name: o.Name, Schema: o.Schema})
			case "reader":
				p.Readers = append(p.Readers, core.Maker[core.ProductReader]{Name: o.Name, Schema: o.Schema})
			case "statistic":
				p.Statistics = append(p.Statistics, core.Maker[core.Statistic]{Name: o.Name, Schema: o.Schema})
			}
		}
		out = append(out, host.Aliased(p, l.As))
	}
	return out
}

// byLock checks a configuration by what a lock has of plugins that are not started here: their names, and the keys that go to them. What is left
// is that they were not asked themselves.
func (s *Set) byLock(ctx context.Context, cfg *config.Config, lock *pluginlock.Lock, unknown *NotStartedError) error {
	locked := lockedPlugins(cfg, lock)
	for _, l := range cfg.Plugins {
		if len(lock.Offers[l.Name]) == 0 { // of an earlier release, or of another configuration
			return unknown
		}
	}
	if missing := host.NeedsOf(cfg).Missing(append(s.linked.Plugins(), locked...)...); missing.Count() > 0 {
		return core.Errorf(core.NotFound, "", cfg.File, "neither zagg nor the plugins in %s offer %s: `zagg plugins lock` looks at them again", lock.Path, missing)
	}
	isColumn, err := s.columnsOf(ctx, cfg)
	if err != nil {
		return err
	}
	for _, p := range locked {
		if err := checkKeys(cfg, p, lock, isColumn); err != nil {
			return err
		}
	}
	return &NotStartedError{Needs: unknown.Needs, Commands: unknown.Commands, Lock: lock.Path}
}

// columnsOf tells which names are columns: those that the configuration declares, or those of a reader that is linked in; nil: that is not known.
func (s *Set) columnsOf(ctx context.Context, cfg *config.Config) (func(name string) bool, error) {
	names := cfg.DataSource.VariableNames()
	if len(names) == 0 {
		reader, err := s.linked.Reader(ctx, cfg.DataSource.Reader, cfg.DataSource.ReaderConfig())
		if core.Is(err, core.NotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, cfg.Errorf("data_source.reader", "%w", err)
		}
		for _, f := range reader.Info().Columns {
			names = append(names, f.Name)
		}
	}
	return func(name string) bool { return name == config.TimeColumn || slices.Contains(names, name) }, nil
}

// checkKeys holds what a configuration gives a plugin's grid, reader and statistics against their schemas.
func checkKeys(cfg *config.Config, p core.Plugin, lock *pluginlock.Lock, isColumn func(name string) bool) error {
	for _, m := range p.Grids {
		if m.Name == cfg.Output.Grid.Type {
			if err := fits(m.Schema, cfg.Output.Grid.Config); err != nil {
				return cfg.Errorf("output.grid", "grid %s: %w", m.Name, err)
			}
		}
	}
	for _, m := range p.Readers {
		if m.Name == cfg.DataSource.Reader {
			if err := fits(m.Schema, cfg.DataSource.ReaderConfig()); err != nil {
				return cfg.Errorf("data_source.reader", "reader %s: %w", m.Name, err)
			}
		}
	}
	for _, m := range p.Statistics {
		for _, a := range slices.Concat(cfg.Aggregation.ChunkValues, cfg.Aggregation.Arrays) {
			if a.Function != m.Name {
				continue
			}
			text, err := host.Constants(&a, func(param, name string) bool {
				if isColumn != nil {
					return isColumn(name)
				}
				inputs, known := lock.Inputs[a.Function]
				return !known || slices.Contains(inputs, param)
			})
			if err == nil {
				err = fits(withoutRequired(m.Schema), text) // what is required may be a column
			}
			if err != nil {
				return cfg.Errorf(a.Key+".params", "statistic %s: %w", m.Name, err)
			}
		}
	}
	return nil
}

// fits says what of a value a schema does not allow. A schema that is none allows all: `zagg plugins verify` says so.
func fits(schema, value json.RawMessage) error {
	if len(schema) == 0 {
		return nil
	}
	if len(value) == 0 {
		value = json.RawMessage("{}")
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("plugin.json", document); err != nil {
		return nil //nolint:nilerr // as above
	}
	compiled, err := c.Compile("plugin.json")
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return err
	}
	if err = compiled.Validate(instance); err == nil {
		return nil
	}
	_, list, _ := strings.Cut(err.Error(), "\n")
	list = strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(list), "- "), "at '': ", "")
	return core.Errorf(core.Invalid, "", "", "%s", strings.Join(strings.FieldsFunc(list, func(r rune) bool { return r == '\n' }), "; "))
}

// withoutRequired is a schema in which nothing is required.
func withoutRequired(schema json.RawMessage) json.RawMessage {
	var s map[string]json.RawMessage
	if json.Unmarshal(schema, &s) != nil {
		return schema
	}
	delete(s, "required")
	out, err := json.Marshal(s)
	if err != nil {
		return schema
	}
	return out
}
