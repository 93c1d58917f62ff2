package catalog

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
)

// Dates of ICESat-2's repeat cycles: cycle 1 began on this day and each takes 91.
const cycleDays = 91

func firstCycle() time.Time { return time.Date(2018, 10, 13, 0, 0, 0, 0, time.UTC) }

// CycleDates are the first and last day of a repeat cycle of ICESat-2, counted from 1 on 2018-10-13.
func CycleDates(cycle int) (first, last time.Time, err error) {
	if cycle < 1 || cycle > 400 {
		return first, last, core.Errorf(core.Invalid, "catalog", "", "cycle %d: cycles of ICESat-2 count from 1", cycle)
	}
	first = firstCycle().AddDate(0, 0, cycleDays*(cycle-1))
	return first, first.AddDate(0, 0, cycleDays-1), nil
}

// icesat2Name finds product, time, reference ground track, cycle and version in a name of the form
// ATL06_20190221121851_08410203_005_01.h5 (product, time, ttttccss, version, revision; ICESat-2 product user guides).
func icesat2Name() *regexp.Regexp {
	return regexp.MustCompile(`(ATL\d\d(?:-\d\d)?)_(\d{14})_(\d{4})(\d\d)\d\d_(\d{3})_\d\d`)
}

// A Namer fills in what the names of files tell.
type Namer struct{ icesat2 *regexp.Regexp }

// NewNamer makes a Namer.
func NewNamer() *Namer { return &Namer{icesat2Name()} }

// Fill sets Product, Version, Cycle, RGT and, if no time is known at all, Start from the granule's id, where they are not
// known better.
func (n *Namer) Fill(g *Entry) {
	m := n.icesat2.FindStringSubmatch(g.ID)
	if m == nil {
		return
	}
	product, _, _ := strings.Cut(m[1], "-")
	if g.Product == "" {
		g.Product = product
	}
	if g.Version == "" {
		g.Version = m[5]
	}
	if g.RGT == 0 {
		g.RGT, _ = strconv.Atoi(m[3]) // four digits
	}
	if g.Cycle == 0 {
		g.Cycle, _ = strconv.Atoi(m[4])
	}
	if g.Start.IsZero() && g.Datetime.IsZero() {
		if t, err := time.Parse("20060102150405", m[2]); err == nil {
			g.Start = t
		}
	}
}

// FileID is the name of a file: the last element of a path or URL.
func FileID(address string) string {
	if lower := strings.ToLower(address); strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://") {
		address, _, _ = strings.Cut(address, "?") // in a key of S3 and in a file's name it is a character like others
	}
	if len(address) > 2 && address[1] == ':' && address[2] == '\\' { // a path of Windows; elsewhere \ is a character like others
		address = strings.ReplaceAll(address, `\`, "/")
	}
	return path.Base(address)
}

// IsData reports whether a file's name says that it holds measurements in HDF5 or HDF4.
func IsData(address string) bool {
	switch strings.ToLower(path.Ext(FileID(address))) {
	case ".h5", ".hdf5", ".he5", ".hdf", ".nc", ".nc4":
		return true
	}
	return false
}
