package stored

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zarr"
)

// quantileOf takes the name of a variable and of a quantile apart: h_tdigest@q50 is the median, h_tdigest@q2.5 a fortieth. Without
// one it is NaN.
func quantileOf(text string) (variable string, q float64, err error) {
	variable, rest, ok := strings.Cut(text, "@")
	if !ok {
		return text, math.NaN(), nil
	}
	q, err = strconv.ParseFloat(strings.TrimPrefix(rest, "q"), 64)
	if err != nil || !strings.HasPrefix(rest, "q") || !(q >= 0 && q <= 100) {
		return "", 0, core.Errorf(core.Invalid, "plot", text, "%q is no quantile; expected such as @q50, from @q0 to @q100", "@"+rest)
	}
	return variable, q / 100, nil
}

// checkDigest wants a quantile of digests, and of nothing else.
func checkDigest(array *zarr.Dataset, quantile float64) error {
	var attrs struct {
		Ragged struct {
			Spec    string `json:"spec"`
			Element struct {
				Type  string `json:"dtype"`
				Shape []int  `json:"shape"`
			} `json:"element"`
		} `json:"ragged"`
	}
	err := json.Unmarshal(array.Attrs, &attrs)
	is := err == nil && array.Type == core.Bytes && attrs.Ragged.Spec == "zagg-ragged/1" && attrs.Ragged.Element.Type == "float32" && slices.Equal(attrs.Ragged.Element.Shape, []int{-1, 2})
	switch {
	case math.IsNaN(quantile) && array.Type == core.Bytes:
		return core.Errorf(core.Unsupported, "plot", array.Name, "a cell has any number of numbers; of digests a quantile can be drawn: %s@q50", array.Name)
	case !math.IsNaN(quantile) && !is:
		return core.Errorf(core.Invalid, "plot", array.Name, "its cells are no digests, of which there are quantiles")
	}
	return nil
}
