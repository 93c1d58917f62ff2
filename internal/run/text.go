package run

// The summary as text.

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/internal/quantity"
)

// Text is the summary for people. With profile it says where the workers' time went.
func (s *Summary) Text(profile bool) []byte {
	w := &bytes.Buffer{}
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-14s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "Done: %s with data, %s obs, %s, %.1f s\n", quantity.Counted(int64(s.Shards.WithData), "shard"), humanize.Comma(s.Observations), quantity.Counted(int64(s.Shards.Errors), "error"), s.WallSeconds)
	line("Shards", "%d total, %d with data, %d empty%s, %d errors%s", s.Shards.Total, s.Shards.WithData, s.Shards.Empty, emptyParts(s), s.Shards.Errors, before(s))
	line("Cells", "%s with data", humanize.Comma(s.Cells))
	line("Observations", "%s kept%s", humanize.Comma(s.Observations), counts("; dropped: ", s.Dropped))
	if len(s.LeftOut) > 0 {
		line("Left out", "%s", counts("without a value: ", s.LeftOut))
	}
	if s.NoGroup+s.EmptyGroup > 0 {
		line("Groups", "%d that granules do not have, %d without a row (normal)", s.NoGroup, s.EmptyGroup)
	}
	for _, text := range s.Warnings[:min(len(s.Warnings), 10)] {
		line("Warning", "%s", text)
	}
	if n := len(s.Warnings) - 10; n > 0 {
		line("Warning", "%d more: see the records", n)
	}
	if len(s.Missing) > 0 {
		line("Missing", "%s could not be read: %s", quantity.Counted(int64(len(s.Missing)), "granule"), Abbreviate(s.Missing))
	}
	if len(s.Superseded) > 0 {
		line("Left out", "%s whose observations another holds, newer or whole: %s", quantity.Counted(int64(len(s.Superseded)), "granule"), Abbreviate(leftOut(s)))
	}
	line("Time", "%s wall, %s compute", quantity.Seconds(s.WallSeconds), quantity.Seconds(s.Compute))
	if s.WallSeconds > 0 && s.Compute > 0 {
		line("Throughput", "%s obs/s, %.1f shards/s", humanize.Comma(int64(float64(s.Observations)/s.WallSeconds)), float64(s.Shards.Total)/s.WallSeconds)
	}
	line("Read", "%s, %s%s", quantity.Counted(s.Source.Gets+s.Source.Heads, "request"), quantity.Bytes(s.Source.Down), quantity.Retried(s.Source.Retries))
	line("Written", "%s, %s%s", quantity.Counted(s.Output.Puts, "request"), quantity.Bytes(s.Output.Up), quantity.Retried(s.Output.Retries))
	for _, p := range s.Plugins {
		line("Plugin", "%s %s: %s, %s, %s to it, %s back, %s of memory", p.Name, p.Version, quantity.Counted(p.Calls, "call"), quantity.Seconds(p.Seconds), quantity.Bytes(p.Sent), quantity.Bytes(p.Received), quantity.Bytes(p.MaxMemory))
	}
	line("Cost", "about %s%s", s.Cost, costParts(s))
	for i, f := range s.Failed {
		if i == 10 {
			line("", "… and %d more", len(s.Failed)-i)
			break
		}
		line("Failed", "%s: %s", f.Shard, f.Error)
	}
	forScrapers(w, s, profile)
	return w.Bytes()
}

// leftOut are the superseded granules, each with what is used.
func leftOut(s *Summary) []string {
	names := make([]string, len(s.Superseded))
	for i, x := range s.Superseded {
		names[i] = x.Granule + " (for " + x.By + ")"
	}
	return names
}

// forScrapers writes lines that people's scripts look for in the logs of earlier systems.
func forScrapers(w io.Writer, s *Summary, profile bool) {
	if s.Worker.Function != "" {
		fmt.Fprintf(w, "Lambda compute: %.1fs total, %.1f GB-s, ~$%.4f\n", s.Compute, s.Worker.GBSeconds, s.CostUSD)
	}
	if profile {
		fmt.Fprintf(w, "Worker phases (max across cells): %s\n", phases(s))
	}
	fmt.Fprintf(w, "Output: %s\n", s.Store)
}

// costParts says what the dollars are for on Lambda, or of which worker they would be.
func costParts(s *Summary) string {
	w := &s.Worker
	if w.Function == "" {
		return fmt.Sprintf(" as Lambda workers of %.3g GB, %s", w.MemoryGB, w.Architecture)
	}
	return fmt.Sprintf(": compute $%.4f, requests $%.4f, invocations $%.4f, /tmp $%.4f; %.3g GB, %s, /tmp %.3g GB", s.Cost.Compute, s.Cost.Requests, s.Cost.Invoke, s.Cost.Tmp, w.MemoryGB, w.Architecture, w.TmpGB)
}

// emptyParts says why shards are empty.
func emptyParts(s *Summary) string {
	if s.Shards.Empty == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d no granules, %d filtered)", s.Shards.NoGranules, s.Shards.NoRows)
}

// before says for how many shards the store already had something.
func before(s *Summary) string {
	var parts []string
	if n := s.Shards.Skipped; n > 0 {
		parts = append(parts, fmt.Sprintf("%d done before", n))
	}
	if n := s.Shards.Folded; n > 0 {
		parts = append(parts, fmt.Sprintf("%d folded", n))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// counts lists numbers by name behind a title; "" if there are none.
func counts(title string, of map[string]int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, fmt.Sprintf("%s %s", humanize.Comma(of[name]), name))
	}
	if parts == nil {
		return ""
	}
	return title + strings.Join(parts, ", ")
}

func phases(s *Summary) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(s.Phases)) {
		parts = append(parts, fmt.Sprintf("%s %.2fs", name, s.Phases[name]))
	}
	return strings.Join(parts, ", ")
}
