package stats

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
)

// maxQ bounds the quantiles of one statistic; the vector of them is a dimension of the output array.
const maxQ = 256

// parseConfig reads the constants of a reduction. No config and null are {}.
func parseConfig(op reduce.Op, config core.Config) (reduce.Args, error) {
	var args reduce.Args
	params := map[string]json.RawMessage{}
	if len(bytes.TrimSpace(config)) > 0 {
		if err := json.Unmarshal(config, &params); err != nil {
			return args, invalid(op, "params are not a JSON object: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		var err error
		switch {
		case name == "q" && op.TakesQ():
			args.Q, args.List, err = parseQ(op, params[name])
		case name == "ddof" && op.TakesDDoF():
			args.DDoF, err = parseNumber(op, name, params[name])
		default:
			err = invalid(op, "no parameter %q; %s", name, parameters(op))
		}
		if err != nil {
			return args, err
		}
	}
	if op.TakesQ() {
		return args, reduce.CheckQ(op, args.Q)
	}
	return args, nil
}

func parseNumber(op reduce.Op, name string, raw json.RawMessage) (float64, error) {
	var f *float64
	if err := json.Unmarshal(raw, &f); err != nil || f == nil || math.IsInf(*f, 0) {
		return 0, invalid(op, "%s is %s; it must be a number", name, clip(raw))
	}
	return *f, nil
}

// parseQ reads a number or a list of them.
func parseQ(op reduce.Op, raw json.RawMessage) (qs []float64, isList bool, err error) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || list == nil {
		q, err := parseNumber(op, "q", raw)
		return []float64{q}, false, err
	}
	if len(list) > maxQ {
		return nil, true, invalid(op, "q lists %d quantiles; at most %d", len(list), maxQ)
	}
	qs = make([]float64, len(list))
	for i, r := range list {
		if qs[i], err = parseNumber(op, "q", r); err != nil {
			return nil, true, err
		}
	}
	return qs, true, nil
}

// parameters says what a reduction takes: constants here, columns among the inputs.
func parameters(op reduce.Op) string {
	var have []string
	switch {
	case op.TakesQ():
		have = append(have, "q")
	case op.TakesDDoF():
		have = append(have, "ddof")
	case op == reduce.OpAverage:
		return `average has weights, which must name a column or be an expression over columns`
	}
	if len(have) == 0 {
		return op.String() + " has none"
	}
	return op.String() + " has " + strings.Join(have, ", ")
}

func clip(raw json.RawMessage) string {
	if len(raw) > 40 {
		return string(raw[:40]) + "…"
	}
	return string(raw)
}

func invalid(op reduce.Op, format string, args ...any) error {
	return core.Errorf(core.Invalid, "stats", op.String(), format, args...)
}
