package levels

// What datasets say of their units and names.

import (
	"context"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

var _ core.UnitTeller = (*reader)(nil)

// Units implements core.UnitTeller. Columns of siblings are left out.
func (r *reader) Units(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query) ([]core.Unit, error) {
	read, done, err := r.begin(src, g, q)
	if err != nil {
		return nil, err
	}
	defer done()
	if read.file, err = h5.Open(ctx, read.src, read.url, read.opening("", Opening(q.Memory, q.Request))); err != nil {
		return nil, err
	}
	groups := r.layout.groups()
	for _, group := range groups { // no more of a granule is read than the headers of one group's datasets
		units := r.unitsIn(group, q.Columns)
		var paths []string
		for _, u := range units {
			paths = append(paths, u.Path)
		}
		sets, err := read.file.Datasets(ctx, paths...)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(sets, func(d *h5.Dataset) bool { return d != nil }) {
			continue
		}
		for i := range units {
			if err := tell(ctx, read.file, sets[i], &units[i]); err != nil {
				return nil, err
			}
		}
		return units, nil
	}
	return nil, read.noGroup(groups)
}

// unitsIn are the datasets of a group whose units are asked for.
func (r *reader) unitsIn(group string, columns []string) []core.Unit {
	units := []core.Unit{{Path: path(r.layout.Latitude, group)}, {Path: path(r.layout.Longitude, group)}}
	for _, name := range columns {
		if c, ok := r.layout.column(name); ok && c.Asset == "" {
			units = append(units, core.Unit{Column: name, Path: path(c.Path, group), Raw: c.Raw})
		}
	}
	return units
}

// tell fills in what a dataset says of itself. A dataset that the group does not have is NotFound.
func tell(ctx context.Context, file *h5.File, d *h5.Dataset, u *core.Unit) (err error) {
	if d == nil {
		if d, err = file.Dataset(ctx, u.Path); err != nil {
			return err
		}
	}
	for name, to := range map[string]*string{"units": &u.Units, "standard_name": &u.Name, "long_name": &u.LongName} {
		if *to, err = textOf(ctx, d, name); err != nil {
			return err
		}
	}
	return nil
}

// textOf is an attribute's text; "" if there is none or it is not text. Bytes that are not UTF-8 become "?".
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
	return strings.ToValidUTF8(texts[0], "?"), nil
}
