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
		return "", 0, core.Errorf(core.Invalid, "plot", text, "%q is not a quantile; expected such as @q50, from @q0 to @q100", "@"+rest)
	}
	return variable, q / 100, nil
}

// raggedAttrs are what an array of rows says of itself.
type raggedAttrs struct {
	Ragged struct {
		Spec    string `json:"spec"`
		Element struct {
			Type  string `json:"dtype"`
			Shape []int  `json:"shape"`
		} `json:"element"`
	} `json:"ragged"`
	Expression string `json:"expression"` // the rows are an expression's, not a digest's
}

// element is the type of an array's rows and the extents of one; false where it does not say.
func element(array *zarr.Dataset) (attrs raggedAttrs, typ core.Type, inner []int, ok bool) {
	if array.Type != core.Bytes || json.Unmarshal(array.Attrs, &attrs) != nil || attrs.Ragged.Spec != "zagg-ragged/1" {
		return attrs, 0, nil, false
	}
	e := &attrs.Ragged.Element
	typ, ok = core.TypeFromName(e.Type)
	if !ok || typ.Size() == 0 || len(e.Shape) == 0 || e.Shape[0] != -1 {
		return attrs, 0, nil, false
	}
	return attrs, typ, e.Shape[1:], true
}

// checkDigest wants a quantile of digests, and of nothing else.
func checkDigest(array *zarr.Dataset, quantile float64) error {
	attrs, typ, inner, ok := element(array)
	is := ok && attrs.Expression == "" && typ == core.Float32 && slices.Equal(inner, []int{2})
	switch {
	case math.IsNaN(quantile) && array.Type == core.Bytes:
		return core.Errorf(core.Unsupported, "plot", array.Name, "a cell has any number of rows; of digests a quantile can be drawn: %s@q50", array.Name)
	case !math.IsNaN(quantile) && !is:
		return core.Errorf(core.Invalid, "plot", array.Name, "its cells are not digests, of which there are quantiles")
	}
	return nil
}
