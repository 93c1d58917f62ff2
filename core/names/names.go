// Package names reads the names of files of ICESat-2 and GEDI. Sources: the user guides of the products at NSIDC (ATLxx,
// "File Naming Convention") and LP DAAC and ORNL DAAC (GEDI01_B to GEDI04_A, "Granule naming").
package names

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
)

// A Reader finds identities in names. It is immutable and safe for concurrent use.
type Reader struct {
	rules []rule
}

// A rule is one form of names. Its groups called data, in order, are joined by "_" to the data's name; those called v and a
// number are the version's parts, v0 the most significant.
type rule struct {
	find *regexp.Regexp
	data []int
	rank []int // groups of the version's parts
}

// New makes a Reader of all forms that are known here.
//
//	ATL06_20190221121851_08410203_005_01.h5                        product, start, track cycle segment, release, revision
//	ATL07-01_20181014000347_02350101_006_02.h5                     hemisphere
//	ATL24_20230625203742_00882006_006_02_001_01.h5                 of ATL03 first, then its own
//	GEDI02_A_2019108002012_O01959_01_T03909_02_003_01_V002.h5      product, start, orbit, part of it, track, kind of orbit data, software, production, release
//	GEDI02_A_2019108002011_O01959_T03909_02_001_01.h5              release 1
func New() *Reader {
	const (
		before = `(?:^|[^0-9A-Za-z])`
		after  = `(?:$|[^0-9A-Za-z])`
	)
	return &Reader{rules: []rule{
		newRule(before + `(?P<data>ATL\d\d(?:-\d\d)?)_(?P<data>\d{14})_(?P<data>\d{8})(?:_(?P<v2>\d{3})_(?P<v3>\d\d))?_(?P<v0>\d{3})_(?P<v1>\d\d)` + after),
		newRule(before + `(?P<data>GEDI\d\d_[A-Z]\d?)_(?P<data>\d{13})_(?P<data>O\d{5}(?:_\d\d)?)_(?P<data>T\d{5})_(?P<v1>\d\d)_(?P<v2>\d{3})_(?P<v3>\d\d)(?:_V(?P<v0>\d{3}))?` + after),
	}}
}

func newRule(pattern string) rule {
	r := rule{find: regexp.MustCompile(`(?i)` + pattern), rank: make([]int, 4)}
	for i, name := range r.find.SubexpNames() {
		switch {
		case name == "data":
			r.data = append(r.data, i)
		case name != "":
			r.rank[name[1]-'0'] = i
		}
	}
	return r
}

// Identify reads one bare file name.
func (r *Reader) Identify(name string) core.Identity {
	for i := range r.rules {
		if at := r.rules[i].find.FindStringSubmatchIndex(name); at != nil {
			return r.rules[i].identity(name, at)
		}
	}
	return core.Identity{}
}

func (r *rule) identity(name string, at []int) core.Identity {
	group := func(i int) string {
		if at[2*i] < 0 {
			return ""
		}
		return name[at[2*i]:at[2*i+1]]
	}
	var id core.Identity
	data := make([]string, len(r.data))
	last := 0
	for k, i := range r.data {
		data[k] = strings.ToUpper(group(i))
	}
	id.Data = strings.Join(data, "_")
	for _, i := range r.rank {
		n, _ := strconv.Atoi(group(i)) // at most three digits; none: 0
		id.Version = append(id.Version, n)
		last = max(last, at[2*i+1])
	}
	prefix, suffix := name[:at[2*r.data[0]]], trimExtension(name[last:])
	if prefix+suffix != "" {
		id.Part = prefix + "*" + suffix
	}
	return id
}

// trimExtension cuts what names the format: ".h5", ".h5.nc".
func trimExtension(s string) string {
	for {
		cut := false
		for _, e := range []string{".h5", ".hdf5", ".he5", ".hdf", ".nc", ".nc4"} {
			if len(s) >= len(e) && strings.EqualFold(s[len(s)-len(e):], e) {
				s, cut = s[:len(s)-len(e)], true
			}
		}
		if !cut {
			return s
		}
	}
}
