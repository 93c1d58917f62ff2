package tdigest

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
)

// Version is the plugin's version: it grows when a result changes.
const Version = "1.0.0"

// Plugin is the statistic "tdigest".
func Plugin() core.Plugin {
	return core.Plugin{
		Name: "tdigest", Version: Version,
		Statistics: []core.Maker[core.Statistic]{{
			Name:   "tdigest",
			Doc:    "Distribution as a t-digest: rows of mean and weight, for kind: ragged and inner_shape: [2]. params.where: only rows in which it is true.",
			Schema: json.RawMessage(schema),
			New:    func(_ context.Context, config core.Config) (core.Statistic, error) { return newStatistic(config) },
		}},
	}
}

const schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object", "additionalProperties": false,
  "properties": {"delta": {"type": "number", "minimum": 1, "maximum": 1000000, "default": 512, "description": "how fine: about 1.27 delta centroids at most"}}
}`

const (
	defaultDelta = 512
	maxDelta     = 1000000
)

// parseConfig reads delta. No config and null are {}.
func parseConfig(config core.Config) (delta float64, err error) {
	c := struct {
		Delta *float64 `json:"delta"`
	}{}
	if len(bytes.TrimSpace(config)) > 0 {
		d := json.NewDecoder(bytes.NewReader(config))
		d.DisallowUnknownFields()
		if err := d.Decode(&c); err != nil {
			return 0, core.Errorf(core.Invalid, "tdigest", "params", "%w; have delta, and where as a column or an expression", err)
		}
	}
	if c.Delta == nil {
		return defaultDelta, nil
	}
	if !(*c.Delta >= 1 && *c.Delta <= maxDelta) {
		return 0, core.Errorf(core.Invalid, "tdigest", "delta", "%g is out of range; expected 1 to %d", *c.Delta, maxDelta)
	}
	return *c.Delta, nil
}
