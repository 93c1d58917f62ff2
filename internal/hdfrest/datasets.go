package hdfrest

import "slices"

// shapeJSON is a shape as the API describes it, with or without the limits of its growth.
func shapeJSON(s Shape, limits bool) object {
	switch {
	case s.Null:
		return object{{"class", "H5S_NULL"}}
	case len(s.Dims) == 0:
		return object{{"class", "H5S_SCALAR"}}
	}
	o := object{{"class", "H5S_SIMPLE"}, {"dims", s.Dims}}
	if limits {
		most := s.Max
		if most == nil {
			most = s.Dims
		}
		o = append(o, member{"maxdims", most})
	}
	return o
}

// creation is how a dataset was made. Clients are told that elements have the fill value from the beginning on, which is
// how they are read.
func creation(d Dataset) any {
	if m, ok := d.(Made); ok {
		if text := m.Creation(); text != nil {
			return raw(text)
		}
		return object{}
	}
	return properties(d)
}

func properties(d Dataset) object {
	shape, p := d.Shape(), d.Properties()
	o := object{}
	if shape.Null || len(shape.Dims) == 0 {
		return o
	}
	layout := object{{"class", p.Layout}}
	if p.Layout == Chunked {
		layout = append(layout, member{"dims", p.Chunk})
	}
	o = append(o, member{"layout", layout}, member{"fillTime", "H5D_FILL_TIME_ALLOC"})
	if p.Fill != nil {
		v, _ := render{}.value(nil, d.Type(), p.Fill)
		o = append(o, member{"fillValue", raw(v)})
	}
	if len(p.Filters) > 0 {
		list := make([]object, len(p.Filters))
		for i, f := range p.Filters {
			list[i] = object{{"class", f.Class}, {"id", f.ID}}
			for _, v := range f.Values {
				list[i] = append(list[i], member{v.Name, v.Value})
			}
			list[i] = append(list[i], member{"name", f.Name})
		}
		o = append(o, member{"filters", list})
	}
	return o
}

// layout says in what pieces to read a dataset: its chunks, or, where it has none, rows of at most Limits.Page bytes.
// Clients never ask for less than a piece. nil: a null dataspace.
func (c *call) layout(d Dataset) object {
	shape, p := d.Shape(), d.Properties()
	switch {
	case shape.Null:
		return nil
	case len(shape.Dims) == 0:
		return object{{"class", Chunked}, {"dims", []uint64{1}}}
	case p.Layout == Chunked:
		return object{{"class", Chunked}, {"dims", p.Chunk}}
	}
	width, _ := d.Type().Width()
	return object{{"class", Chunked}, {"dims", pieces(shape.Dims, uint64(max(width, 1)), uint64(c.Limits.Page))}}
}

// pieces halves the first dimensions until a piece is small enough.
func pieces(dims []uint64, width, most uint64) []uint64 {
	out := slices.Clone(dims)
	size := width
	for i, d := range out {
		out[i] = max(d, 1)
		size *= out[i]
	}
	for i := range out {
		for size > most && out[i] > 1 {
			size = size / out[i]
			out[i] = (out[i] + 1) / 2
			size *= out[i]
		}
	}
	return out
}

// getShape answers GET /datasets/ID/shape.
func (c *call) getShape(id ID) (*Response, error) {
	d, o, err := c.object(id)
	if err != nil {
		return nil, err
	}
	created, modified := times(d, o)
	return c.tagged(d, object{{"shape", shapeJSON(o.(Dataset).Shape(), true)}, {"hrefs", c.propertyLinks(d, id, "shape")}, {"created", created}, {"lastModified", modified}})
}

// getType answers GET /datasets/ID/type.
func (c *call) getType(id ID) (*Response, error) {
	d, o, err := c.object(id)
	if err != nil {
		return nil, err
	}
	return c.tagged(d, object{{"type", o.(Dataset).Type().json()}, {"hrefs", c.propertyLinks(d, id, "type")}})
}

func (c *call) propertyLinks(d Domain, id ID, part string) []object {
	return []object{c.link("self", objectPath(id)+"/"+part), c.link("owner", objectPath(id)), c.link("root", objectPath(d.Info().Root))}
}
