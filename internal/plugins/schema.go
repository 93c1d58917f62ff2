package plugins

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/pluginlock"
)

// SchemaFor is Schema with the plugins that a configuration has; of those that are not started here, as the lock beside it has them.
func (s *Set) SchemaFor(ctx context.Context, cfg *config.Config, base []byte) ([]byte, error) {
	var offered []core.Plugin
	h, err := s.Host(ctx, cfg.Plugins, host.NeedsOf(cfg))
	if unknown, ok := errors.AsType[*NotStartedError](err); ok {
		lock, lockErr := pluginlock.Beside(cfg.File)
		if lockErr != nil || lock == nil {
			return nil, cmp.Or(lockErr, error(unknown))
		}
		offered, err = append(s.linked.Plugins(), lockedPlugins(cfg, lock)...), nil
	} else if err == nil {
		offered = h.Plugins()
	}
	if err != nil {
		return nil, err
	}
	var infos []Info
	for _, p := range offered {
		infos = append(infos, infoOf(p, nil, ""))
	}
	return schema(base, infos)
}

type object = map[string]any

// schema is the JSON schema of configurations with those of what plugins offer: of a grid's keys, a reader's beside its name, and a
// statistic's params.
func schema(base []byte, infos []Info) ([]byte, error) {
	var root object
	if err := json.Unmarshal(base, &root); err != nil {
		return nil, core.Errorf(core.Internal, "schema", "", "%w", err)
	}
	grid, source := at(root, "output", "grid"), at(root, "data_source")
	variable, _ := at(root, "aggregation", "variables")["additionalProperties"].(object)
	if variable == nil {
		variable = object{}
	}
	for i := range infos {
		for _, k := range infos[i].Kinds() {
			for _, o := range k.Offers {
				properties := propertiesOf(o.Schema)
				if len(properties) == 0 {
					continue
				}
				switch k.Name {
				case "grid":
					when(grid, object{"type": object{"const": o.Name}}, "type", object{"properties": properties})
				case "reader":
					named := object{"type": "object", "required": []string{"name"}, "properties": object{"name": object{"const": o.Name}}}
					when(source, object{"reader": named}, "reader", object{"properties": object{"reader": object{"properties": properties}}})
				case "statistic":
					for name, p := range properties { // a column may stand in a constant's place
						properties[name] = object{"anyOf": []any{p, object{"type": []string{"string", "object"}}}}
					}
					when(variable, object{"function": object{"const": o.Name}}, "function", object{"properties": object{"params": object{"properties": properties}}})
				}
			}
		}
	}
	return json.MarshalIndent(root, "", "  ")
}

// when adds a condition to a schema: where a property is so, then this holds too.
func when(to object, is object, property string, then object) {
	all, _ := to["allOf"].([]any)
	to["allOf"] = append(all, object{"if": object{"required": []string{property}, "properties": is}, "then": then})
}

// at is the schema of a property further down; one that nobody looks at if there is none.
func at(schema object, path ...string) object {
	for _, name := range path {
		properties, _ := schema["properties"].(object)
		next, ok := properties[name].(object)
		if !ok {
			return object{}
		}
		schema = next
	}
	return schema
}

// propertiesOf are the properties of a plugin's own schema.
func propertiesOf(schema json.RawMessage) object {
	var s struct {
		Properties object `json:"properties"`
	}
	if json.Unmarshal(schema, &s) != nil {
		return nil // a schema that is none: `zagg plugins verify` says so
	}
	return s.Properties
}
