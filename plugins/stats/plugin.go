package stats

import (
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
)

// Version is the plugin's version: it grows when a result changes.
const Version = "1.1.0"

// Plugin is the statistics.
func Plugin() core.Plugin {
	p := core.Plugin{Name: "stats", Version: Version}
	for _, op := range reduce.Ops() {
		p.Statistics = append(p.Statistics, core.Maker[core.Statistic]{
			Name: op.String(), Doc: docs[op], Schema: schema(op),
			New: func(_ context.Context, config core.Config) (core.Statistic, error) { return newStatistic(op, config) },
		})
	}
	p.Statistics = append(p.Statistics, kinds()...)
	return p
}

var docs = [...]string{
	reduce.OpLen:           "Number of observations.",
	reduce.OpCount:         "Number of observations (len by another name).",
	reduce.OpMin:           "Minimum; NaN if there is one.",
	reduce.OpMax:           "Maximum; NaN if there is one.",
	reduce.OpSum:           "Sum; of integers an integer that wraps around.",
	reduce.OpMean:          "Arithmetic mean.",
	reduce.OpAverage:       "Mean weighted by the column under params.weights; without it the arithmetic mean. NaN where the weights sum to zero.",
	reduce.OpMedian:        "Median; NaN if there is one.",
	reduce.OpVar:           "Variance; the sum of squares is divided by n - ddof.",
	reduce.OpStd:           "Standard deviation, the root of var.",
	reduce.OpQuantile:      "Quantile q (0 to 1), linear between the neighbours; a list of q gives a vector.",
	reduce.OpPercentile:    "Percentile q (0 to 100), linear between the neighbours; a list of q gives a vector.",
	reduce.OpNanSum:        "Sum without NaN.",
	reduce.OpNanMin:        "Minimum without NaN.",
	reduce.OpNanMax:        "Maximum without NaN.",
	reduce.OpNanMean:       "Arithmetic mean without NaN.",
	reduce.OpNanMedian:     "Median without NaN.",
	reduce.OpNanVar:        "Variance without NaN; NaN where no more than ddof values are left.",
	reduce.OpNanStd:        "Standard deviation without NaN, the root of nanvar.",
	reduce.OpNanQuantile:   "Quantile q (0 to 1) without NaN.",
	reduce.OpNanPercentile: "Percentile q (0 to 100) without NaN.",
}

// schema is the JSON schema of the Config of a reduction.
func schema(op reduce.Op) json.RawMessage {
	const head = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{`
	switch {
	case op == reduce.OpPercentile || op == reduce.OpNanPercentile:
		return json.RawMessage(head + qSchema("100") + `},"required":["q"],"examples":[{"q":50}]}`)
	case op.TakesQ():
		return json.RawMessage(head + qSchema("1") + `},"required":["q"],"examples":[{"q":0.5}]}`)
	case op.TakesDDoF():
		return json.RawMessage(head + `"ddof":{"type":"number","default":0,"description":"subtracted from the number of values in the divisor"}}}`)
	}
	return json.RawMessage(head + `}}`)
}

func qSchema(top string) string {
	number := `{"type":"number","minimum":0,"maximum":` + top + `}`
	return `"q":{"description":"one or several, 0 to ` + top + `","oneOf":[` + number + `,{"type":"array","minItems":1,"maxItems":256,"items":` + number + `}]}`
}
