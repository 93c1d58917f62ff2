package bench

import (
	"fmt"
	"math"
	"strings"

	"github.com/dustin/go-humanize"
)

// Marker is the first line of the comment, by which it is found again.
const Marker = "<!-- zagg-benchmark -->"

// StaleWorker is the note on a pull request whose code is not what was measured.
const StaleWorker = "Worker = stable `main`, not this PR's code: it was not deployed (a fork's never is), so these figures do not show what it changes in the worker."

// Comment is the comment on a pull request: the marker, a note if there is one, a table with a row a record.
func Comment(records []Record, note string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n### Benchmark\n\n", Marker)
	if note != "" {
		for line := range strings.Lines(note) {
			fmt.Fprintf(&b, "> %s\n", strings.TrimRight(line, "\n"))
		}
		b.WriteByte('\n')
	}
	if len(records) == 0 {
		b.WriteString("No target was measured.\n\n")
	} else {
		b.WriteString("| target | obs | runtime (s) | cost/shard | cost/100 km² | % timeout |\n|---|---:|---:|---:|---:|---:|\n")
	}
	for _, r := range records {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", cell(r.Target), humanize.Comma(r.Observations), number("%.1f", r.Runtime),
			number("$%.5f", r.Cost), number("$%.5f", r.CostPerArea), number("%.1f%%", 100*r.PctTimeout))
	}
	if len(records) > 0 {
		fmt.Fprintf(&b, "\nCommit `%s`, zagg %s, %g GB. ", short(records[0].Commit), records[0].Version, records[0].MemoryGB)
	}
	b.WriteString("One shard a target, the densest; pre-merge runs are not retained.\n")
	return b.String()
}

// cell is text that does not break a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ").Replace(s)
}

func number(format string, v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "n/a"
	}
	return fmt.Sprintf(format, v)
}

// short is a commit as people write it.
func short(commit string) string { return commit[:min(7, len(commit))] }
