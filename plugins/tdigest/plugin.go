package tdigest

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
)

// Version is the plugin's version: it grows when a result changes.
const Version = "1.1.0"

// Plugin is the statistics "tdigest" and "waveform".
func Plugin() core.Plugin {
	return core.Plugin{
		Name: "tdigest", Version: Version,
		Statistics: []core.Maker[core.Statistic]{
			{
				Name:   "tdigest",
				Doc:    "Distribution as a t-digest: rows of mean and weight, for kind: ragged and inner_shape: [2]. params.where: only rows in which it is true.",
				Schema: json.RawMessage(head + shared + `}}`),
				New: func(_ context.Context, config core.Config) (core.Statistic, error) {
					c, err := parseConfig(config, false)
					if err != nil {
						return nil, err
					}
					return &statistic{c.settings()}, nil
				},
			},
			{
				Name:   "waveform",
				Doc:    "Distribution of a waveform's samples, weighted by params.counts beyond params.noise_mean, above a threshold in params.noise_stddev: as tdigest.",
				Schema: json.RawMessage(head + shared + more + `}}`),
				New: func(_ context.Context, config core.Config) (core.Statistic, error) {
					c, err := parseConfig(config, true)
					if err != nil {
						return nil, err
					}
					return &waveform{c.settings(), c.Gain, sigmasOf(c.Probability, c.Samples, c.Correlation)}, nil
				},
			},
		},
	}
}

const (
	head   = `{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": false, "properties": {`
	shared = `
  "delta": {"type": "number", "minimum": 1, "maximum": 1000000, "default": 512, "description": "how fine: about 1.27 delta centroids at most"},
  "located": {"type": "boolean", "default": false, "description": "takes the word of each value's place, locations, and gives one for each centroid"},
  "timed": {"type": "boolean", "default": false, "description": "takes the word of each value's time, temporal, and gives one for each centroid"}`
	more = `,
  "gain": {"type": "number", "exclusiveMinimum": 0, "default": 1, "description": "weight of one count"},
  "false_positive_rate": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.001, "description": "probability that a record of noise alone has a sample above the threshold"},
  "samples_per_record": {"type": "number", "minimum": 1, "default": 1, "description": "samples of a record"},
  "correlation_length": {"type": "number", "exclusiveMinimum": 0, "default": 1, "description": "samples over which noise is correlated"}`
)

const maxDelta = 1000000

type config struct {
	Delta       float64 `json:"delta"`
	Located     bool    `json:"located"`
	Timed       bool    `json:"timed"`
	Gain        float64 `json:"gain"`
	Probability float64 `json:"false_positive_rate"`
	Samples     float64 `json:"samples_per_record"`
	Correlation float64 `json:"correlation_length"`
}

// settings is what all digests have. It is immutable.
type settings struct {
	delta    float64
	channels []channel
}

func (c *config) settings() settings { return settings{c.Delta, channels(c.Located, c.Timed)} }

// parseConfig reads the constants. No config and null are {}.
func parseConfig(text core.Config, waves bool) (config, error) {
	c := config{Delta: 512, Gain: 1, Probability: 0.001, Samples: 1, Correlation: 1}
	if waves {
		c.Delta = 8192
	}
	if len(bytes.TrimSpace(text)) > 0 {
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&c); err != nil {
			return c, core.Errorf(core.Invalid, "tdigest", "params", "%w; have delta, located, timed, and where as a column or an expression", err)
		}
	}
	if !waves && (c.Gain != 1 || c.Probability != 0.001 || c.Samples != 1 || c.Correlation != 1) {
		return c, core.Errorf(core.Invalid, "tdigest", "params", "gain, false_positive_rate, samples_per_record and correlation_length are of waveforms")
	}
	for _, v := range []struct {
		name             string
		value            float64
		above, least, to float64
	}{
		{"delta", c.Delta, 0, 1, maxDelta}, {"gain", c.Gain, 0, 0, 1e30}, {"false_positive_rate", c.Probability, 0, 0, 1 - 1e-12},
		{"samples_per_record", c.Samples, 0, 1, 1e12}, {"correlation_length", c.Correlation, 0, 0, 1e12},
	} {
		if !(v.value > v.above && v.value >= v.least && v.value <= v.to) {
			return c, core.Errorf(core.Invalid, "tdigest", v.name, "%g is out of range; expected more than %g and %g to %g", v.value, v.above, v.least, v.to)
		}
	}
	return c, nil
}
