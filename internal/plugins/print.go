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
	"github.com/englacial/zagg/internal/quantity"
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
	word := map[string]string{"ok": "ok    ", "broken": "BROKEN", "skip": "skip  ", "none": "none  "}[becameOf(r)]
	why := ""
	if text := r.Skipped + r.Absent; text != "" && r.Passed() {
		why = ": " + text
	}
	if r.Use != "" {
		why += "; used for: " + r.Use
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

// becameOf is what became of a check in one word: ok, broken, skip (it was not made) or none (there is nothing to check).
func becameOf(r *coretest.Result) string {
	switch {
	case !r.Passed():
		return "broken"
	case r.Skipped != "":
		return "skip"
	case r.Absent != "":
		return "none"
	}
	return "ok"
}

// A check is one of a verification in JSON.
type check struct {
	Name     string   `json:"name"`
	Result   string   `json:"result"` // ok, broken, skip or none
	Passed   bool     `json:"passed"` // it was made, and found nothing
	Failures []string `json:"failures,omitempty"`
	Skipped  string   `json:"skipped,omitempty"` // why it was not made
	Absent   string   `json:"absent,omitempty"`  // what is not there to be checked
	Use      string   `json:"use,omitempty"`     // of an optional power: what runs and commands do with it
	Seconds  float64  `json:"seconds"`
}

// A Verdict is what a verification came to: docs/formats/verify-report.md.
type Verdict struct {
	Broken  int      `json:"broken"`
	Checks  []check  `json:"checks"`
	Plugin  string   `json:"plugin"`
	Seed    uint64   `json:"seed"`
	Skipped []string `json:"skipped"`
	Version string   `json:"version"`
}

// Verdict sums up the results.
func (v *Verification) Verdict() *Verdict {
	d := &Verdict{Plugin: v.plugin.Name, Version: v.plugin.Version, Seed: v.Seed, Checks: []check{}, Skipped: []string{}}
	for _, r := range v.Results() {
		result := becameOf(&r)
		switch result {
		case "broken":
			d.Broken++
		case "skip":
			d.Skipped = append(d.Skipped, r.Name+": "+r.Skipped)
		}
		d.Checks = append(d.Checks, check{Name: r.Name, Result: result, Passed: result == "ok", Failures: r.Failures,
			Skipped: r.Skipped, Absent: r.Absent, Use: r.Use, Seconds: r.Took.Seconds()})
	}
	return d
}

// Unmatched are the parts of names in Only that no check has: nothing was made for them.
func (v *Verification) Unmatched() []string {
	results := v.Results()
	return slices.DeleteFunc(slices.Clone(v.Only), func(part string) bool {
		return slices.ContainsFunc(results, func(r coretest.Result) bool { return holds(r.Name, part) })
	})
}

// holds reports whether a check has a part in its name.
func holds(name, part string) bool {
	return strings.Contains(strings.ToLower(name), strings.ToLower(part))
}

// Print writes what the results come to; PrintCheck has written each.
func (d *Verdict) Print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "plugin %s %s: %s, %d broken, %d skipped\n", d.Plugin, d.Version, quantity.Counted(int64(len(d.Checks)), "check"), d.Broken, len(d.Skipped))
	return err
}
