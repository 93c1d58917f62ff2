package cli

// Printing a run's summary, as text or JSON.

import (
	"encoding/json"
	"io"

	"github.com/englacial/zagg/internal/run"
)

// printSummary writes a summary for people, or as JSON.
func printSummary(out io.Writer, s *run.Summary, asJSON, profile bool) error {
	if asJSON {
		if !profile {
			s.Phases = nil
		}
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	}
	_, err := out.Write(s.Text(profile))
	return err
}
