package draft

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/h5/cf"
)

// A column is a dataset that a variable can be of.
type column struct {
	name, path string // with {group}
	width      int64  // elements of a row; 0: it has one axis
	integer    bool
	own        bool   // it lies in the folder of the coordinates
	lacking    string // a group in which it is not, or not with these rows
	unreadable string // why its attributes cannot be applied
	units      string
	about      string   // long_name
	none       []string // elements that are no value
	meanings   string   // flag_meanings
	flags      []string // flag_values, in the order of the meanings
	counts     []count  // of an integer with few values: how often each is among the first rows
}

// A count is a value and how often it is there.
type count struct {
	value float64
	n     int
}

// columns are the datasets of a table other than its coordinates, those of the coordinates' folder first.
func (f *file) columns(ctx context.Context, t *table) ([]column, error) {
	group := t.largest()
	folder := path.Dir(in(t.latitude, group))
	members := slices.DeleteFunc(f.members(t), func(d *h5.Dataset) bool {
		return d.Path() == in(t.latitude, group) || d.Path() == in(t.longitude, group)
	})
	out := make([]column, len(members))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i, d := range members {
		c := &out[i]
		*c = column{path: d.Path(), own: path.Dir(d.Path()) == folder}
		if group != "" {
			c.path = strings.Replace(d.Path(), t.below(group), t.below(placeholder), 1)
		}
		if len(d.Shape()) == 2 {
			c.width = d.Width()
		}
		c.lacking = f.lacking(t, c)
		g.Go(func() error { return f.describe(gctx, d, c) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b column) int {
		switch {
		case a.own == b.own:
			return 0
		case a.own:
			return -1
		}
		return 1
	})
	return out, nil
}

// lacking is a group that has coordinates and not this dataset, row by row.
func (f *file) lacking(t *table, c *column) string {
	for _, g := range t.groups {
		if d := f.byPath[in(c.path, g)]; d == nil || d.Rows() != t.rows[g] || c.width > 0 && d.Width() != c.width {
			return g
		}
	}
	return ""
}

// describe reads what a dataset's attributes say, and the values of what may be a flag.
func (f *file) describe(ctx context.Context, d *h5.Dataset, c *column) error {
	m, err := cf.Of(ctx, d)
	if err != nil {
		if err := ignoreContent(err); err != nil {
			return err
		}
		c.unreadable = err.Error()
		return nil
	}
	c.integer = m.Packed == nil && (m.Type.IsSigned() || m.Type.IsUnsigned())
	for e := m.Fill; len(e) > 0; e = e[m.Type.Size():] {
		c.none = append(c.none, element(m.Type, e))
	}
	c.units, c.about = attributeText(ctx, d.Object, "units"), attributeText(ctx, d.Object, "long_name")
	c.meanings = attributeText(ctx, d.Object, "flag_meanings")
	if a, err := d.Attribute(ctx, "flag_values"); err == nil {
		if v, err := a.Values(ctx); err == nil {
			c.flags = texts(v)
		}
	}
	if !c.integer || c.width > 0 || !c.isFlag() {
		return nil
	}
	values, err := f.first(ctx, d)
	c.counts = countValues(values)
	return err
}

// element is one element as text.
func element(t core.Type, b []byte) string {
	b = append(core.NewData(8)[:0], b[:t.Size()]...)
	switch {
	case t == core.Float32:
		return strconv.FormatFloat(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), 'g', -1, 32)
	case t == core.Float64:
		return strconv.FormatFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)), 'g', -1, 64)
	}
	v := uint64(0)
	for i := len(b) - 1; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	if t.IsSigned() {
		shift := 64 - 8*len(b)
		return strconv.FormatInt(int64(v<<shift)>>shift, 10)
	}
	return strconv.FormatUint(v, 10)
}

// texts are the elements of an attribute of numbers.
func texts(v *h5.Values) []string {
	c, err := v.Column("")
	if err != nil || c.Type == core.Bytes {
		return nil
	}
	var out []string
	for b := c.Data; len(b) >= c.Type.Size(); b = b[c.Type.Size():] {
		out = append(out, element(c.Type, b))
	}
	return out
}

// mostValues is the different values up to which an integer is a flag.
const mostValues = 12

// countValues counts the values of a flag; nil: there are too many.
func countValues(values []float64) []count {
	var out []count
	for _, v := range values {
		if math.IsNaN(v) {
			continue
		}
		i := slices.IndexFunc(out, func(c count) bool { return c.value == v })
		if i < 0 {
			if len(out) == mostValues {
				return nil
			}
			i, out = len(out), append(out, count{value: v})
		}
		out[i].n++
	}
	slices.SortFunc(out, func(a, b count) int { return int(math.Copysign(1, a.value-b.value)) })
	return out
}

// isFlag reports a dataset that says how good an observation is, or of which kind.
func (c *column) isFlag() bool {
	return c.integer && (c.meanings != "" || regexp.MustCompile(`(?i)(quality|qual_|flag|degrade|(^|_)q[ac](_|$)|conf(_|$|idence))`).MatchString(path.Base(c.path)))
}

// good is the value of a flag that a good observation has, and why that is known; ok is false where it is not.
func (c *column) good() (value, why string, ok bool) {
	words := strings.FieldsFunc(c.meanings, func(r rune) bool { return r == ' ' || r == ',' || r == ';' })
	for i, w := range words {
		if len(words) == len(c.flags) && regexp.MustCompile(`(?i)^(good|best|nominal|valid|ok|high_quality)(_|$)`).MatchString(w) {
			return c.flags[i], fmt.Sprintf("flag_meanings: %s is %s", c.flags[i], w), true
		}
	}
	switch name := path.Base(c.path); {
	case name == "atl06_quality_summary":
		return "0", "0 is the best", true
	case c.meanings != "":
	case regexp.MustCompile(`^(l2_|l4_|l2a_|l2b_)?quality_flag$`).MatchString(name):
		return "1", "1 is good, as GEDI has it", true
	case regexp.MustCompile(`^degrade(_flag)?$`).MatchString(name):
		return "0", "0 is not degraded, as GEDI has it", true
	}
	return "", "", false
}

// has reports whether a value is among those that were counted.
func (c *column) has(value string) bool {
	v, err := strconv.ParseFloat(value, 64)
	return err == nil && slices.ContainsFunc(c.counts, func(k count) bool { return k.value == v })
}

// isMeasured reports a column that statistics are of: numbers that are neither time, place nor error.
func (c *column) isMeasured() bool {
	name := strings.ToLower(c.name)
	return !c.integer && !c.isTime() && !isError(name) && !regexp.MustCompile(`(^|_)(lat|lon|latitude|longitude|id|azimuth|x_atc|y_atc|dist)(_|\d|$)`).MatchString(name)
}

func (c *column) isTime() bool {
	return strings.Contains(strings.ToLower(c.name), "time") || strings.Contains(c.units, " since ")
}

// isHeight reports a column that looks like a height.
func (c *column) isHeight() bool {
	return regexp.MustCompile(`(?i)^(h_|h$|elev|height|z$|surface_h|agbd$|rh)`).MatchString(c.name)
}

// usable reports a column that a variable can be of as the file is.
func (c *column) usable() bool { return c.lacking == "" && c.unreadable == "" }

// name gives columns names that expressions can use, each its own.
func (o *found) name() {
	taken := map[string]bool{"leaf_id": true, "toc_word": true, "np": true, "numpy": true, "count": true}
	list := [][]column{o.columns}
	if o.level != nil {
		list = append(list, o.level.columns)
	}
	for _, columns := range list {
		for i := range columns {
			c := &columns[i]
			parts := strings.Split(strings.TrimPrefix(c.path, "/"), "/")
			for n := 1; ; n++ {
				c.name = identifier(strings.Join(parts[max(len(parts)-n, 0):], "_"))
				if n > len(parts) {
					c.name += fmt.Sprintf("_%d", n)
				}
				if !taken[c.name] {
					break
				}
			}
			taken[c.name] = true
		}
	}
}

// identifier is a text with _ for what a name cannot have.
func identifier(s string) string {
	s = regexp.MustCompile(`[^A-Za-z0-9_]+`).ReplaceAllString(strings.ReplaceAll(s, placeholder, "group"), "_")
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		s = "v_" + s
	}
	return s
}
