package deploy

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Print writes what a stack is, for people.
func (s *State) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Stack\t%s, %s since %s\n", s.Name, s.Status, s.Updated.UTC().Format(time.RFC3339))
	if s.Reason != "" {
		fmt.Fprintf(w, "Reason\t%s\n", s.Reason)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Outputs)) {
		fmt.Fprintf(w, "%s\t%s\n", name, s.Outputs[name])
	}
	for _, name := range []string{"MemorySize", "Timeout", "EphemeralStorageSize"} {
		if v, ok := s.Parameters[name]; ok {
			fmt.Fprintf(w, "%s\t%s\n", name, v)
		}
	}
	return w.Flush()
}

// Print writes what a plan would do to a stack, for people.
func (p *Plan) Print(w io.Writer, stack, region string) {
	verb := "change"
	if p.Create {
		verb = "be created"
	}
	fmt.Fprintf(w, "Stack %s in %s will %s:\n", stack, region, verb)
	for _, c := range p.Changes {
		note := ""
		if c.Replacement {
			note = "  (made anew)"
		}
		fmt.Fprintf(w, "  %-7s %-18s %s%s\n", strings.ToLower(c.Action), c.Resource, c.Type, note)
	}
}
