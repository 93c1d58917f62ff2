package coarsen

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/englacial/zagg/internal/quantity"
)

// Print writes what was made, for people.
func (r *Result) Print(w io.Writer) error {
	for _, m := range r.Made {
		fmt.Fprintf(w, "group %s: %s with data\n", m.Group, quantity.Counted(int64(m.Cells), "cell"))
	}
	fmt.Fprintf(w, "exact: %s\n", strings.Join(r.Exact, ", "))
	if len(r.Approximate) > 0 {
		fmt.Fprintf(w, "approximate: %s\n", strings.Join(r.Approximate, ", "))
	}
	for _, l := range r.Left {
		fmt.Fprintf(w, "left out: %s: %s\n", l.Name, l.Why)
	}
	_, err := fmt.Fprintf(w, "%s has the groups %s\n", r.url, strings.Join(r.Groups, ", "))
	return err
}

// Remarks are what whoever reads the result should know beside it.
func (r *Result) Remarks() []string {
	if n := len(r.Partial); n > 0 {
		return append(slices.Clone(r.Notes), quantity.Counted(int64(n), "shard")+" without some granules")
	}
	return r.Notes
}
