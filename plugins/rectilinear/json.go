package rectilinear

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// op is the operation of errors of the config.
const op = "rectilinear config"

func badConfig(key, format string, args ...any) error {
	return core.Errorf(core.Invalid, op, key, format, args...)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// readObject splits a JSON object into known keys, each at most once; a key that is null counts as absent.
func readObject(config core.Config) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(config))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, badConfig("", "want a JSON object with crs, resolution and bounds, have %.60q", string(config))
	}
	keys, seen := map[string]json.RawMessage{}, map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, badConfig("", "not JSON: %w", err)
		}
		key, _ := t.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, badConfig(key, "not JSON: %w", err)
		}
		if seen[key] {
			return nil, badConfig(key, "given twice")
		}
		seen[key] = true
		if !slices.Contains(configKeys[:], key) && !slices.Contains(signatureKeys[:], key) {
			return nil, badConfig(key, "no such key; have %s", strings.Join(configKeys[:], ", "))
		}
		if string(value) != "null" {
			keys[key] = value
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, badConfig("", "not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, badConfig("", "something follows the JSON object")
	}
	return keys, nil
}

func oneOf(keys map[string]json.RawMessage, key string, values ...string) error {
	raw, ok := keys[key]
	if !ok || slices.ContainsFunc(values, func(v string) bool { return string(raw) == `"`+v+`"` }) {
		return nil
	}
	return badConfig(key, "%.60s is not possible; have %s", raw, strings.Join(values, ", "))
}

// readNumbers reads a list of finite numbers, as many as there is room for.
func readNumbers(keys map[string]json.RawMessage, key, want string, into []float64) error {
	raw, ok := keys[key]
	if !ok {
		return badConfig(key, "missing; want %s", want)
	}
	var values []*float64
	if err := json.Unmarshal(raw, &values); err != nil || len(values) != len(into) {
		return badConfig(key, "%.60s: want %s", raw, want)
	}
	for i, v := range values {
		if v == nil || math.IsInf(*v, 0) {
			return badConfig(key, "%.60s: want %s", raw, want)
		}
		into[i] = *v
	}
	return nil
}

// readResolution reads one number for both, or [x, y].
func readResolution(keys map[string]json.RawMessage, into []float64) error {
	const key, want = "resolution", "the size of a cell: a number, or [x, y]"
	raw, ok := keys[key]
	if ok && json.Unmarshal(raw, &into[0]) == nil {
		into[1] = into[0]
	} else if err := readNumbers(keys, key, want, into); err != nil {
		return err
	}
	if !(into[0] > 0 && into[1] > 0) {
		return badConfig(key, "%.60s: must be above 0", raw)
	}
	return nil
}

// readShape reads two whole numbers, rows and columns; into stays as it is when the key is absent.
func readShape(keys map[string]json.RawMessage, key string, into *[]int64) error {
	raw, ok := keys[key]
	if !ok {
		return nil
	}
	var shape []int64
	if err := json.Unmarshal(raw, &shape); err != nil || len(shape) != 2 || shape[0] < 1 || shape[1] < 1 {
		return badConfig(key, "%.60s: want rows and columns, such as [256, 256]", raw)
	}
	*into = shape
	return nil
}

func readBool(keys map[string]json.RawMessage, key string, b *bool) error {
	raw, ok := keys[key]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, b); err != nil {
		return badConfig(key, "%.60s is neither true nor false", raw)
	}
	return nil
}
