package core

import (
	"encoding/json"
	"math"
	"strings"
)

// A VectorDim is the dimension of a vector's elements and its coordinate: bins of a histogram, quantiles, frequencies. A store gets
// a dimension with this name, and a coordinate if there are Centers or Edges.
type VectorDim struct {
	Name    string
	Units   string    // of the coordinate
	Centers []float64 // one for each element; nil: the middles of Edges
	Edges   []float64 // one more than elements, ascending or descending; nil: none
	Attrs   json.RawMessage
}

// Values is the coordinate of the elements: Centers, or the middles of Edges; nil if neither is given.
func (d *VectorDim) Values() []float64 {
	if d.Centers != nil || len(d.Edges) < 2 {
		return d.Centers
	}
	middles := make([]float64, len(d.Edges)-1)
	for i := range middles {
		middles[i] = d.Edges[i] + (d.Edges[i+1]-d.Edges[i])/2
	}
	return middles
}

// Check returns an error (Invalid) if d cannot be the dimension of vectors with width elements.
func (d *VectorDim) Check(width int) error {
	wrong := func(format string, args ...any) error {
		return Errorf(Invalid, "", "dimension "+d.Name, format, args...)
	}
	switch {
	case d.Name == "" || len(d.Name) > 200 || strings.HasPrefix(d.Name, "__") || strings.Trim(d.Name, ".") == "" || strings.ContainsAny(d.Name, "/\\\x00"):
		return wrong("%q cannot be the name of a dimension", d.Name)
	case d.Centers != nil && len(d.Centers) != width:
		return wrong("%d centres for vectors of %d elements", len(d.Centers), width)
	case d.Edges != nil && len(d.Edges) != width+1:
		return wrong("%d edges for vectors of %d elements; want one more than elements", len(d.Edges), width)
	}
	for _, v := range d.Centers {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return wrong("a centre is %v", v)
		}
	}
	for i, v := range d.Edges {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return wrong("edge %d is %v: leave out edges, and give centres, where a bin has no end", i, v)
		}
		if i > 0 && (v == d.Edges[i-1] || v > d.Edges[i-1] != (d.Edges[1] > d.Edges[0])) {
			return wrong("edges %v and %v: they must all ascend or all descend", d.Edges[i-1], v)
		}
	}
	var attrs map[string]json.RawMessage
	if len(d.Attrs) > 0 && json.Unmarshal(d.Attrs, &attrs) != nil {
		return wrong("attributes are not a JSON object: %.100q", d.Attrs)
	}
	return nil
}
