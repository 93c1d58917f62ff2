// Package quantity formats counts, bytes and seconds for people.
package quantity

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
)

// Seconds prints a duration in seconds as people say it: 8.2s, 10.6m, 3.1h.
func Seconds(s float64) string {
	switch {
	case s < 60:
		return fmt.Sprintf("%.1fs", s)
	case s < 3600:
		return fmt.Sprintf("%.1fm", s/60)
	}
	return fmt.Sprintf("%.1fh", s/3600)
}

// Counted prints a number of things: "1 request", "1,234 requests", "2 indexes".
func Counted(n int64, thing string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(thing, "x"):
		thing += "es"
	default:
		thing += "s"
	}
	return humanize.Comma(n) + " " + thing
}

// Bytes prints bytes in units of 10^6 or 10^9: 12.3 MB, 4.56 GB.
func Bytes(n int64) string {
	if n >= 1e9 {
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// Retried is what is said of requests of which n had to be repeated, after their number; "" where none had.
func Retried(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %s retried", humanize.Comma(n))
}
