package config

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Schema is the JSON Schema (draft 2020-12) of a configuration, for editors. It is made of the table of keys and says
// what the table says; Parse checks more.
func Schema() []byte {
	s := rules(keys()).schema(false)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "zagg run configuration"
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // maps of strings always marshal
	}
	return append(out, '\n')
}

type schema = map[string]any

// schema is the part of the JSON Schema for one rule. A key that may be left out may also be null.
func (r *rule) schema(optional bool) schema {
	s := schema{}
	if r.doc != "" {
		s["description"] = r.doc
	}
	switch r.status {
	case notYet:
		s["description"], s["type"] = "Not supported yet. "+r.doc, "null"
		return s
	case noEffect:
		s["description"], s["deprecated"] = "No effect. "+r.doc, true
		return s
	}
	if types := r.types.schema(optional); r.types != kindAny {
		s["type"] = types
	}
	r.schemaValues(s, optional)
	r.schemaMembers(s)
	if extra := schemaExtra()[r.path]; extra != "" {
		var more schema
		if err := json.Unmarshal([]byte(extra), &more); err != nil {
			panic(fmt.Sprintf("schema of %s: %v", r.path, err)) // a constant of this file, covered by tests
		}
		for k, v := range more {
			s[k] = v
		}
	}
	return s
}

// schema is the types of k as JSON Schema names them.
func (k kind) schema(null bool) any {
	var names []string
	for _, t := range []struct {
		bits kind
		name string
	}{{kindFloat, "number"}, {kindInt, "integer"}, {kindString, "string"}, {kindBool, "boolean"}, {kindList, "array"}, {kindMap, "object"}} {
		if k&t.bits != 0 && (t.name != "integer" || k&kindFloat == 0) {
			names = append(names, t.name)
		}
	}
	if null {
		names = append(names, "null")
	}
	if len(names) == 1 {
		return names[0]
	}
	return names
}

// schemaValues writes the values that are allowed. Where a map is allowed beside them, they bind scalars only.
func (r *rule) schemaValues(s schema, optional bool) {
	var values []any
	for _, v := range r.enum {
		if r.types == kindInt {
			values = append(values, json.Number(v))
		} else {
			values = append(values, v)
		}
	}
	if r.types == kindBool && len(r.later) > 0 {
		values = []any{false}
	}
	switch {
	case values == nil && r.later != nil:
		s["not"] = schema{"enum": r.later}
	case values == nil:
	case r.types&kindMap != 0:
		s["anyOf"] = []any{schema{"enum": values}, schema{"type": []string{"object", "null"}}}
	default:
		if optional {
			values = append(values, nil)
		}
		s["enum"] = values
	}
}

func (r *rule) schemaMembers(s schema) {
	if r.item != nil {
		s["items"] = r.item.schema(false)
	}
	if r.types&kindMap == 0 || r.types == kindAny {
		return
	}
	properties, required := schema{}, []string{}
	for _, m := range r.members {
		properties[m.name()] = m.schema(!m.required)
		if m.required {
			required = append(required, m.name())
		}
	}
	if len(properties) > 0 {
		s["properties"] = properties
	}
	if len(required) > 0 {
		s["required"] = required
	}
	switch {
	case r.any != nil:
		s["additionalProperties"] = r.any.schema(false)
	case !r.open:
		s["additionalProperties"] = false
	}
}

// schemaExtra is what the table cannot say, by path.
func schemaExtra() map[string]string {
	return map[string]string{
		"aggregation.variables.*": `{"oneOf": [{"required": ["function"]}, {"required": ["expression"]}]}`,
		"aggregation.variables":   `{"minProperties": 1}`,
		"data_source": `{"if": {"properties": {"reader": {"enum": ["hdf5", "h5coro", "xarray_s3", null]}}},
			"then": {"required": ["coordinates", "variables"]}}`,
		"data_source.filters[]":                    `{"oneOf": [{"required": ["expression"], "maxProperties": 1}, {"required": ["dataset", "op"]}]}`,
		"data_source.filters[].column":             `{"minimum": 0}`,
		"data_source.variables.*.column":           `{"minimum": 0}`,
		"data_source.variables.*":                  `{"if": {"type": "object"}, "then": {"oneOf": [{"required": ["path"]}, {"required": ["synthesize", "level", "start", "stop"]}]}}`,
		"data_source.levels.*.variables.*.column":  `{"minimum": 0}`,
		"aggregation.variables.*.trailing_shape[]": `{"minimum": 1}`,
		"aggregation.variables.*.trailing_shape":   `{"minimum": 1}`,
		"aggregation.variables.*.inner_shape[]":    `{"minimum": 1}`,
		"aggregation.variables.*.inner_shape":      `{"minimum": 1}`,
		"output.compression.level":                 `{"minimum": 1, "maximum": 22}`,
		"output.product_name":                      `{"pattern": "^[a-z0-9_-]{1,192}$"}`,
	}
}

// reference is docs/config.md: the table of keys for people.
func reference() []byte {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, section := range []struct{ title, prefix string }{
		{"data_source", "data_source"}, {"aggregation", "aggregation"}, {"output", "output"}, {"Other sections", ""},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n| key | type | default | meaning |\n|---|---|---|---|\n", section.title)
		for _, k := range keys() {
			if k.status == supported && k.section() == section.prefix {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.path, k.typeText(), k.defText(), k.docText())
			}
		}
	}
	b.WriteString("\n## Accepted without effect\n\nConfigurations of earlier releases may have these keys. zagg ignores them and prints a note.\n\n| key | reason |\n|---|---|\n")
	for _, k := range keys() {
		if k.status == noEffect {
			fmt.Fprintf(&b, "| `%s` | %s |\n", k.path, k.doc)
		}
	}
	b.WriteString("\n## Not supported yet\n\nConfigurations with these keys or values are refused as \"not supported yet\".\n\n| key | meaning |\n|---|---|\n")
	for _, k := range keys() {
		if k.status == notYet {
			fmt.Fprintf(&b, "| `%s` | %s |\n", k.path, k.doc)
		}
		for _, v := range k.later {
			fmt.Fprintf(&b, "| `%s: %s` | |\n", k.path, v)
		}
	}
	return []byte(b.String())
}

const referenceHead = `# Run configuration

One YAML file describes a run (JSON is YAML too). ` + "`zagg config check FILE`" + ` checks it and reports up to 20 problems
together, each with file, line, column and key. ` + "`zagg config schema`" + ` prints a JSON Schema for editors. In the keys below, ` + "`*`" + ` stands for
any name and ` + "`[]`" + ` for any item of a list. A key with the value null counts as absent.

This file is generated from the table of keys in internal/config/keys.go. Change it there and run
` + "`go test ./internal/config -run Reference -update`" + `.
`

// section is the first part of the path if it has a heading of its own.
func (k *key) section() string {
	first, _, _ := strings.Cut(k.path, ".")
	switch first {
	case "data_source", "aggregation", "output":
		return first
	}
	return ""
}

func (k *key) typeText() string {
	if len(k.enum) > 0 {
		text := "`" + strings.Join(k.enum, "`, `") + "`"
		if k.types&kindMap != 0 {
			text += ", or map"
		}
		return text
	}
	return strings.ReplaceAll(k.types.names(), "a ", "")
}

func (k *key) defText() string {
	switch {
	case k.def != "":
		return k.def
	case k.required:
		return "required"
	}
	return ""
}

func (k *key) docText() string { return strings.ReplaceAll(k.doc, "|", `\|`) }
