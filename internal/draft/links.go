package draft

import (
	"context"
	"path"
	"regexp"
	"slices"

	"github.com/englacial/zagg/core/h5"
)

// A level is the records that own the observations.
type level struct {
	table        *table
	base         *table // the observations
	begin, count string // paths, with {group}
	indexBase    int64
	columns      []column
}

// linked is runs of rows of datasets without places of their own.
type linked struct {
	begin, count, dataset string // the paths in one group
	rows                  int64
}

// links finds the observations that the records of a table own: rows of another table, or of datasets that have no places.
func (f *file) links(ctx context.Context, t *table, others []*table) (*level, []*linked, error) {
	group := t.largest()
	begins, counts := f.named(t, `(?i)(beg|start|first)`), f.named(t, `(?i)(cnt|count|(^|_)n_)`)
	var unlinked []*linked
	for _, b := range begins {
		for _, c := range counts {
			if b == c {
				continue
			}
			for _, o := range others {
				base, ok, err := f.fits(ctx, t, o, b, c)
				if err != nil {
					return nil, nil, err
				}
				if ok {
					return &level{table: t, base: o, begin: f.template(t, b), count: f.template(t, c), indexBase: base}, nil, nil
				}
			}
			d, err := f.target(ctx, t, group, b, c)
			if err != nil {
				return nil, nil, err
			}
			if d != nil {
				unlinked = append(unlinked, &linked{b.Path(), c.Path(), d.Path(), d.Rows()})
			}
		}
	}
	return nil, unlinked, nil
}

// named are a table's datasets of integers of one axis with such a name.
func (f *file) named(t *table, pattern string) []*h5.Dataset {
	find := regexp.MustCompile(pattern)
	return slices.DeleteFunc(f.members(t), func(d *h5.Dataset) bool {
		return !find.MatchString(path.Base(d.Path())) || len(d.Shape()) != 1 || d.Type().Class != h5.Integer
	})
}

// template is the path of a dataset of a table's largest group for all groups.
func (f *file) template(t *table, d *h5.Dataset) string {
	if g := t.largest(); g != "" {
		return t.below(placeholder) + d.Path()[len(t.below(g)):]
	}
	return d.Path()
}

// fits reports whether two datasets say, in all groups, which rows of another table each record owns.
func (f *file) fits(ctx context.Context, t, base *table, begin, count *h5.Dataset) (indexBase int64, ok bool, err error) {
	if !slices.Equal(t.groups, base.groups) || t.below(placeholder) != base.below(placeholder) {
		return 0, false, nil
	}
	groups := t.groups
	if len(groups) == 0 {
		groups = []string{""}
	}
	bases := [2]bool{true, true}
	for _, g := range groups {
		b, c := f.byPath[in(f.template(t, begin), g)], f.byPath[in(f.template(t, count), g)]
		if b == nil || c == nil || b.Rows() != t.rows[g] || c.Rows() != t.rows[g] {
			return 0, false, nil
		}
		r, err := f.runs(ctx, b, c)
		if err != nil {
			return 0, false, err
		}
		for i := range bases {
			bases[i] = bases[i] && r.own(int64(i), base.rows[g])
		}
	}
	switch {
	case bases[1]:
		return 1, true, nil
	case bases[0]:
		return 0, true, nil
	}
	return 0, false, nil
}

// target is a dataset of a group without places of whose rows two datasets say which each record owns; nil: none.
func (f *file) target(ctx context.Context, t *table, group string, begin, count *h5.Dataset) (*h5.Dataset, error) {
	r, err := f.runs(ctx, begin, count)
	if err != nil {
		return nil, err
	}
	for _, d := range f.datasets {
		if len(d.Path()) > len(t.below(group)) && d.Path()[:len(t.below(group))] == t.below(group) && d.Rows() != t.rows[group] && (r.own(1, d.Rows()) || r.own(0, d.Rows())) {
			return d, nil
		}
	}
	return nil, nil
}

// runs are the rows that records own, as a file has them: first ones and counts.
type runs [][2]int64

func (f *file) runs(ctx context.Context, begin, count *h5.Dataset) (runs, error) {
	b, err := f.values(ctx, begin, begin.Rows())
	if err != nil {
		return nil, err
	}
	c, err := f.values(ctx, count, count.Rows())
	if err != nil {
		return nil, err
	}
	var out runs
	for i := range min(len(b), len(c)) {
		if c[i] != 0 {
			out = append(out, [2]int64{int64(b[i]), int64(c[i])})
		}
	}
	slices.SortFunc(out, func(x, y [2]int64) int { return int(max(min(x[0]-y[0], 1), -1)) })
	return out, nil
}

// own reports whether runs are of different rows of so many, from the row called base on, and of most of these rows.
func (r runs) own(base, rows int64) bool {
	end, n := base, int64(0)
	for _, run := range r {
		if run[0] < end || run[1] < 0 || run[1] > rows || run[0]-base > rows-run[1] {
			return false
		}
		end = run[0] + run[1]
		n += run[1]
	}
	return len(r) > 0 && 2*n >= rows
}
