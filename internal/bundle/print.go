package bundle

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/englacial/zagg/internal/quantity"
)

// Print writes what was built, for people.
func (r *Result) Print(out io.Writer) error {
	var m struct {
		Plugins []struct{ Name, Version string }
	}
	if err := json.Unmarshal(r.Manifest, &m); err != nil {
		return err
	}
	names := make([]string, len(m.Plugins))
	for i, p := range m.Plugins {
		names[i] = p.Name + " " + p.Version
	}
	w := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Bundle\t%s\n", r.Path)
	fmt.Fprintf(w, "Size\t%s, %s unpacked\n", quantity.Bytes(r.Size), quantity.Bytes(r.Binary))
	fmt.Fprintf(w, "SHA-256\t%s\n", r.SHA256)
	if len(names) > 0 {
		fmt.Fprintf(w, "Plugins\t%s\n", strings.Join(names, ", "))
	}
	if len(r.Cgo) > 0 {
		fmt.Fprintf(w, "C\t%s\n", strings.Join(r.Cgo, ", "))
	}
	if err := w.Flush(); err != nil || len(r.Client) == 0 {
		return err
	}
	fmt.Fprintf(out, "\nOn this machine, put into the run's configuration:\n\nplugins:\n")
	for _, c := range r.Client {
		fmt.Fprintf(out, "  - {name: %s, command: [%s], sha256: %s}\n", c.Name, c.Path, c.SHA256)
	}
	return nil
}
