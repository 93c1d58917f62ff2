package rectilinear

import (
	"encoding/json"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
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

// readNumbers reads a list of finite numbers, as many as there is room for.
func readNumbers(s *gridkit.Settings, key, want string, into []float64) {
	raw := s.Get(key)
	if raw == nil {
		s.Fail(badConfig(key, "missing; want %s", want))
		return
	}
	var values []*float64
	if err := json.Unmarshal(raw, &values); err != nil || len(values) != len(into) {
		s.Fail(badConfig(key, "%.60s: want %s", raw, want))
		return
	}
	for i, v := range values {
		if v == nil || math.IsInf(*v, 0) {
			s.Fail(badConfig(key, "%.60s: want %s", raw, want))
			return
		}
		into[i] = *v
	}
}

// readResolution reads one number for both, or [x, y].
func readResolution(s *gridkit.Settings, into []float64) {
	const key, want = "resolution", "the size of a cell: a number, or [x, y]"
	raw := s.Get(key)
	if raw != nil && json.Unmarshal(raw, &into[0]) == nil {
		into[1] = into[0]
	} else {
		readNumbers(s, key, want, into)
	}
	if !(into[0] > 0 && into[1] > 0) {
		s.Fail(badConfig(key, "%.60s: must be above 0", raw))
	}
}

// readShape reads two whole numbers, rows and columns; into stays as it is when the key is absent.
func readShape(s *gridkit.Settings, key string, into *[]int64) {
	raw := s.Get(key)
	if raw == nil {
		return
	}
	var shape []int64
	if err := json.Unmarshal(raw, &shape); err != nil || len(shape) != 2 || shape[0] < 1 || shape[1] < 1 {
		s.Fail(badConfig(key, "%.60s: want rows and columns, such as [256, 256]", raw))
		return
	}
	*into = shape
}
