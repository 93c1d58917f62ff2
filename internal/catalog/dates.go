package catalog

import (
	"fmt"
	"time"
)

// ParseTime reads a day or a time; "" is none.
func ParseTime(text string) (t time.Time, day bool, err error) {
	if text == "" {
		return t, false, nil
	}
	if t, err = time.Parse(time.DateOnly, text); err == nil {
		return t, true, nil
	}
	if t, err = time.Parse(time.RFC3339, text); err != nil {
		return t, false, fmt.Errorf("%q is neither YYYY-MM-DD nor YYYY-MM-DDTHH:MM:SSZ", text)
	}
	return t.UTC(), false, nil
}

// EndOfDay is the last millisecond of a day, the finest that services of catalogs compare.
func EndOfDay(t time.Time) time.Time { return t.Add(24*time.Hour - time.Millisecond) }
