package cf

import (
	"bytes"
	"context"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// A Meaning is what the elements of a dataset stand for. The zero Meaning of a Type leaves them as they are.
type Meaning struct {
	Stored core.Type // of the elements in the file, as h5.Plan gives them
	Type   core.Type // of the same bits by _Unsigned; Stored without it
	Fill   []byte    // elements of Type that are no value, one after another
	Valid  []byte    // the least and greatest element of Type that is a value; nil: any
	Packed *Packing  // nil: elements are values
}

// A Packing is how elements become values.
type Packing struct {
	Scale, Offset float64
	Low, High     float64 // the least and the greatest valid value
}

// Raw leaves elements of a dataset as they are.
func Raw(d *h5.Dataset) (Meaning, error) {
	t, err := d.Type().Column()
	if err != nil {
		return Meaning{}, nil // whoever decodes the elements says so
	}
	return Meaning{Stored: t, Type: t}, nil
}

// Of reads what the attributes of a dataset say. One that cannot be applied is Unsupported and named.
func Of(ctx context.Context, d *h5.Dataset) (Meaning, error) {
	m, err := Raw(d)
	if err != nil || m.Type == 0 || m.Type == core.Bytes {
		return m, err
	}
	all, err := d.Attributes(ctx)
	if err != nil {
		return m, err
	}
	r := attributes{ctx: ctx, dataset: d, all: map[string]*h5.Attribute{}}
	for _, a := range all {
		r.all[a.Name] = a
	}
	if err := r.unsigned(&m); err != nil {
		return m, err
	}
	if err := r.packing(&m); err != nil {
		return m, err
	}
	if err := r.fills(&m); err != nil {
		return m, err
	}
	return m, r.valid(&m)
}

// attributes are those of one dataset.
type attributes struct {
	ctx     context.Context
	dataset *h5.Dataset
	all     map[string]*h5.Attribute
}

// refuse is the error about an attribute.
func (r *attributes) refuse(name, value, why string) error {
	return core.Errorf(core.Unsupported, "h5.Attribute", r.dataset.Path(),
		"attribute %s is %s, %s: the values cannot be told from it. To read the dataset as it is stored, list it as {path: %s, raw: true} in data_source.variables",
		name, value, why, r.dataset.Path())
}

// numbers are the elements of an attribute, at most so many; ok is false where there is no such attribute.
func (r *attributes) numbers(name string, most int) (c core.Column, ok bool, err error) {
	a := r.all[name]
	if a == nil {
		return c, false, nil
	}
	v, err := a.Values(r.ctx)
	if err != nil {
		return c, false, err
	}
	if c, err = v.Column(name); err != nil {
		return c, false, r.refuse(name, "of type "+a.Type.String(), "which is not a number")
	}
	n := len(c.Data) / max(c.Type.Size(), 1)
	switch {
	case c.Type == core.Bytes:
		text := "a text"
		if s, err := v.Strings(); err == nil && len(s) > 0 {
			text = "the text " + quoted(s[0])
		}
		return c, false, r.refuse(name, text, "not a number")
	case n == 0:
		return c, false, nil // an empty attribute says nothing
	case n > most:
		return c, false, r.refuse(name, "of more than one element", "where one number belongs")
	}
	c.Width = 1
	return c, true, nil
}

// unsigned applies _Unsigned.
func (r *attributes) unsigned(m *Meaning) error {
	a := r.all["_Unsigned"]
	if a == nil || !m.Type.IsSigned() && !m.Type.IsUnsigned() {
		return nil
	}
	v, err := a.Values(r.ctx)
	if err != nil {
		return err
	}
	texts, err := v.Strings()
	if err != nil || len(texts) != 1 {
		return r.refuse("_Unsigned", "of type "+a.Type.String(), `neither "true" nor "false"`)
	}
	const signed = core.Uint8 - core.Int8 // from a signed integer to the unsigned one of its size
	switch text := string(bytes.ToLower([]byte(texts[0]))); {
	case text == "true" && m.Type.IsSigned():
		m.Type += signed
	case text == "false" && m.Type.IsUnsigned():
		m.Type -= signed
	case text != "true" && text != "false":
		return r.refuse("_Unsigned", quoted(texts[0]), `neither "true" nor "false"`)
	}
	return nil
}

// packing applies scale_factor and add_offset.
func (r *attributes) packing(m *Meaning) error {
	p := Packing{Scale: 1, Low: math.Inf(-1), High: math.Inf(1)}
	for name, to := range map[string]*float64{"scale_factor": &p.Scale, "add_offset": &p.Offset} {
		c, ok, err := r.numbers(name, 1)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		*to = float(&c, 0)
		if math.IsNaN(*to) || math.IsInf(*to, 0) || name == "scale_factor" && *to == 0 {
			return r.refuse(name, decimal(c.Data[:c.Type.Size()], c.Type), "with which nothing can be unpacked")
		}
	}
	if p.Scale != 1 || p.Offset != 0 {
		m.Packed = &p
	}
	return nil
}

// fills finds the elements that are no value.
func (r *attributes) fills(m *Meaning) error {
	declared := false
	for _, name := range []string{"_FillValue", "missing_value"} {
		c, ok, err := r.numbers(name, math.MaxInt)
		if err != nil {
			return err
		}
		declared = declared || ok
		for i := range c.Rows() {
			e := element(&c, i, m)
			if e != nil && !contains(m.Fill, e) {
				m.Fill = append(m.Fill, e...)
			}
		}
	}
	if declared {
		return nil
	}
	native := h5.Values{Type: r.dataset.Type(), Data: r.dataset.Fill()}
	c, err := native.Column("")
	if err == nil && c.Type == m.Stored && len(bytes.Trim(c.Data, "\x00")) > 0 && !netCDFDefault(&c) {
		m.Fill = c.Data[:c.Type.Size()]
	}
	return nil
}

// netCDFDefault reports the fill value that netCDF gives small integers of which nothing is said: all their values are data.
func netCDFDefault(c *core.Column) bool {
	switch c.Type {
	case core.Int8:
		return core.View[int8](c.Data)[0] == -127
	case core.Uint8:
		return c.Data[0] == 255
	case core.Int16:
		return core.View[int16](c.Data)[0] == -32767
	case core.Uint16:
		return core.View[uint16](c.Data)[0] == 65535
	}
	return false
}

// valid finds the range of valid elements or values.
func (r *attributes) valid(m *Meaning) error {
	v := newValidity(m)
	for _, a := range []struct {
		name string
		ends []int // what its elements are: 0 the least, 1 the greatest
	}{{"valid_range", []int{0, 1}}, {"valid_min", []int{0}}, {"valid_max", []int{1}}} {
		c, ok, err := r.numbers(a.name, len(a.ends))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if c.Rows() != len(a.ends) {
			return r.refuse(a.name, "of one element", "where two belong")
		}
		for i, end := range a.ends {
			v.narrow(&c, i, end)
		}
		if v.empty() {
			return r.refuse(a.name, decimal(c.Data[:c.Type.Size()], c.Type), "which leaves no "+m.Type.String()+" valid")
		}
	}
	v.apply()
	return nil
}
