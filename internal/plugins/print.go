package plugins

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/englacial/zagg/core/coretest"
)

// Print writes what plugins offer as a table.
func Print(out io.Writer, infos []Info) error {
	w := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	fmt.Fprintln(w, "kind\tname\tplugin\tversion\twhere\twhat")
	for i := range infos {
		p := &infos[i]
		for _, k := range p.Kinds() {
			for _, o := range k.Offers {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", k.Name, o.Name, p.Name, p.Version, p.Place(), o.Doc)
			}
		}
	}
	return w.Flush()
}

// Describe writes what a plugin is and how what it offers is configured.
func (p *Info) Describe(out io.Writer) {
	fmt.Fprintf(out, "plugin %s %s\n  where   %s\n", p.Name, p.Version, p.Place())
	if p.SHA256 != "" {
		fmt.Fprintf(out, "  sha256  %s\n", p.SHA256)
	}
	for _, k := range p.Kinds() {
		for _, o := range k.Offers {
			fmt.Fprintf(out, "\n%s %s\n", k.Name, o.Name)
			if o.Doc != "" {
				fmt.Fprintf(out, "  %s\n", o.Doc)
			}
			var schema bytes.Buffer
			if len(o.Schema) > 0 && json.Indent(&schema, o.Schema, "  ", "  ") == nil {
				fmt.Fprintf(out, "  %s\n", schema.String())
			}
		}
	}
}

// PrintCheck writes the result of one check of a verification.
func PrintCheck(w io.Writer, r *coretest.Result) {
	word, why := "ok    ", ""
	switch {
	case !r.Passed():
		word = "BROKEN"
	case r.Skipped != "":
		word, why = "skip  ", ": "+r.Skipped
	case r.Absent != "":
		word, why = "none  ", ": "+r.Absent
	}
	left := ""
	if r.Left >= time.Second {
		left = fmt.Sprintf(", some %.0f s left", r.Left.Seconds())
	}
	fmt.Fprintf(w, "%s  %s (%.2f s%s)%s\n", word, r.Name, r.Took.Seconds(), left, why)
	for _, f := range r.Failures {
		fmt.Fprintf(w, "        %s\n", strings.ReplaceAll(f, "\n", "\n        "))
	}
}

// A check is one of a verification in JSON.
type check struct {
	Name     string   `json:"name"`
	Passed   bool     `json:"passed"` // it was made, and found nothing
	Failures []string `json:"failures,omitempty"`
	Skipped  string   `json:"skipped,omitempty"` // why it was not made
	Absent   string   `json:"absent,omitempty"`  // what is not there to be checked
	Seconds  float64  `json:"seconds"`
}

// A Verdict is what a verification came to.
type Verdict struct {
	Broken  int      `json:"broken"`
	Checks  []check  `json:"checks"`
	Plugin  string   `json:"plugin"`
	Skipped []string `json:"skipped"`
	Version string   `json:"version"`

	beside []string // of Skipped: what no check was begun for
}

// Verdict sums up the results.
func (v *Verification) Verdict() *Verdict {
	d := &Verdict{Plugin: v.plugin.Name, Version: v.plugin.Version, Checks: []check{}, Skipped: slices.Clone(v.Skipped), beside: v.Skipped}
	for _, r := range v.Results() {
		if !r.Passed() {
			d.Broken++
		} else if r.Skipped != "" {
			d.Skipped = append(d.Skipped, r.Name+": "+r.Skipped)
		}
		d.Checks = append(d.Checks, check{Name: r.Name, Passed: r.Passed() && r.Skipped == "" && r.Absent == "", Failures: r.Failures,
			Skipped: r.Skipped, Absent: r.Absent, Seconds: r.Took.Seconds()})
	}
	return d
}

// Print writes what the results come to; PrintCheck has written each.
func (d *Verdict) Print(w io.Writer) error {
	for _, s := range d.beside {
		fmt.Fprintf(w, "skip    %s\n", s)
	}
	_, err := fmt.Fprintf(w, "plugin %s %s: %d checks, %d broken, %d skipped\n", d.Plugin, d.Version, len(d.Checks), d.Broken, len(d.Skipped))
	return err
}
