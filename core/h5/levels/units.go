package levels

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// A Unit is what a granule says of a dataset: in which units its values are, and what it is called.
type Unit struct {
	Column   string // "": a coordinate
	Path     string
	Units    string // of the attribute units; "": there is none
	Name     string // of the attribute standard_name
	LongName string // of the attribute long_name
	Raw      bool   // its elements are taken as they are stored, which the units are not of where they are packed
}

// A UnitTeller is a reader that can say what a granule's units are.
type UnitTeller interface {
	// Units are those of latitude, of longitude, and of the columns of a query, of the first group that the granule has.
	Units(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query) ([]Unit, error)
}

var _ UnitTeller = (*reader)(nil)

// Units implements UnitTeller. Columns of siblings are left out.
func (r *reader) Units(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query) ([]Unit, error) {
	read, done, err := r.begin(src, g, q)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := read.open(ctx, r.layout.groups()); err != nil || len(read.tables) == 0 {
		return nil, err
	}
	group := read.tables[0].group
	units := []Unit{{Path: path(r.layout.Latitude, group)}, {Path: path(r.layout.Longitude, group)}}
	for _, name := range q.Columns {
		if c, ok := r.layout.column(name); ok && c.Asset == "" {
			units = append(units, Unit{Column: name, Path: path(c.Path, group), Raw: c.Raw})
		}
	}
	for i := range units {
		d, err := read.file.Dataset(ctx, units[i].Path)
		if err != nil {
			return nil, err
		}
		u := &units[i]
		for name, to := range map[string]*string{"units": &u.Units, "standard_name": &u.Name, "long_name": &u.LongName} {
			if *to, err = textOf(ctx, d, name); err != nil {
				return nil, err
			}
		}
	}
	return units, nil
}

// textOf is an attribute's text; "" if there is none, or it is no text.
func textOf(ctx context.Context, d *h5.Dataset, name string) (string, error) {
	a, err := d.Attribute(ctx, name)
	if core.Is(err, core.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	v, err := a.Values(ctx)
	if err != nil {
		return "", err
	}
	texts, err := v.Strings()
	if err != nil || len(texts) == 0 {
		return "", nil
	}
	return texts[0], nil
}
