package coretest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/englacial/zagg/core"
)

// Maker tests what a plugin offers by name: it can be listed, makes things of each of the configs, and refuses what is
// no config. The things themselves are for the other suites.
func Maker[S Tester[S], T any](t S, maker core.Maker[T], configs ...string) {
	t.Helper()
	runAll(t, Options{}, []step{
		{name: "Listed", run: func(c *check) { checkMakerNames(c, maker.Name, maker.Doc, maker.Schema) }},
		{name: "Makes", run: func(c *check) {
			for _, config := range configs {
				thing, err := maker.New(c.ctx, core.Config(config))
				c.must(err, "New with "+config)
				closeAll([]T{thing})
			}
		}},
		{name: "Signature", run: func(c *check) {
			for _, config := range configs {
				if thing, err := maker.New(c.ctx, core.Config(config)); err == nil {
					checkRemade(c, maker, thing)
				}
			}
		}},
		{name: "Refuses", run: func(c *check) {
			bad := []string{`[1]`, `{`, `"text"`, `17`, `{"no such key of any plugin": 1}`, "\x00"}
			for _, config := range configs {
				bad = append(bad, withMember(config, "no such key of any plugin"))
			}
			for _, config := range bad {
				c.refused(c.guard("New with "+config, func() error {
					thing, err := maker.New(c.ctx, core.Config(config))
					if err == nil {
						closeAll([]T{thing})
					}
					return err
				}), "New with "+config, core.Invalid)
			}
		}},
		{name: "MakesCancelled", run: func(c *check) {
			ctx, cancel := context.WithCancel(c.ctx)
			cancel()
			for _, config := range configs { // quick enough not to ask; but it must come back
				if thing, err := maker.New(ctx, core.Config(config)); err == nil {
					closeAll([]T{thing})
				} else {
					c.cancelled(err, "New")
				}
			}
		}},
	})
}

// checkRemade: a grid that can be made from its signature, as zagg makes those of shard maps, is the same one.
func checkRemade[T any](c *check, maker core.Maker[T], thing T) {
	defer closeAll([]T{thing})
	grid, ok := any(thing).(core.Grid)
	if !ok {
		return
	}
	again, err := maker.New(c.ctx, core.Config(grid.Info().Signature))
	if err != nil {
		return
	}
	defer closeAll([]T{again})
	made := any(again).(core.Grid).Info().Signature
	c.that(bytes.Equal(made, grid.Info().Signature), "New with the signature %s makes a grid whose signature is %s", grid.Info().Signature, made)
}

func checkMakerNames(c *check, name, doc string, schema json.RawMessage) {
	c.that(safeName(name), "the name %q is no plain name", name)
	c.that(doc != "", "%s has no Doc: say in a line what it is", name)
	if len(schema) > 0 {
		var object map[string]any
		c.must(json.Unmarshal(schema, &object), name+": the schema is no JSON object")
	}
}

// withMember is an object with one member more; an object of that alone, where config is none.
func withMember(config, name string) string {
	object := map[string]json.RawMessage{}
	if json.Unmarshal([]byte(config), &object) != nil || object == nil {
		object = map[string]json.RawMessage{}
	}
	object[name] = json.RawMessage("1")
	b, err := json.Marshal(object)
	if err != nil {
		panic(fmt.Sprintf("an object of JSON is not JSON: %v", err))
	}
	return string(b)
}
