package stored

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/internal/zarr"
	"github.com/englacial/zagg/plugins/tdigest"
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

// numbersOf is one number for each cell of a block, and the one that stands for none.
func numbersOf(ctx context.Context, array *zarr.Dataset, block []int64, quantile float64) (values []float64, fill float64, err error) {
	if array.Type != core.Bytes {
		c, err := array.ReadBlock(ctx, block)
		if err != nil {
			return nil, 0, err
		}
		return reduce.Float64s(&c), reduce.Float64s(&core.Column{Type: c.Type, Width: 1, Data: array.Fill})[0], nil
	}
	start, count := make([]int64, len(block)), make([]int64, len(block))
	for i, b := range block {
		start[i] = b * array.Shard[i]
		count[i] = min(array.Shard[i], array.Shape[i]-start[i])
	}
	cells, err := array.ReadCells(ctx, start, count)
	if err != nil {
		return nil, 0, err
	}
	values = make([]float64, len(cells))
	for i, c := range cells {
		if len(c)%8 != 0 {
			return nil, 0, core.Errorf(core.Corrupt, "plot", array.URL, "cell %d of block %v has %d bytes: no rows of mean and weight", i, block, len(c))
		}
		values[i] = tdigest.Quantile(core.View[float32](append(core.NewData(len(c))[:0], c...)), quantile)
	}
	return values, math.NaN(), nil
}
