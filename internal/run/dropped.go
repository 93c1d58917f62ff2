package run

// Warning of filters that leave nothing.

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
)

// warnOfFilters warns if observations were read and filters dropped them all, and says which filters these are.
func (r *Run) warnOfFilters() {
	s := r.total
	refused := s.Dropped[job.DropFilter] + s.Dropped[job.DropExpression]
	if s.Observations > 0 || refused == 0 {
		return
	}
	var names []string
	for _, f := range r.config.DataSource.Filters {
		if (f.Expression == "") == (s.Dropped[job.DropFilter] > 0) || s.Dropped[job.DropFilter] > 0 && s.Dropped[job.DropExpression] > 0 {
			names = append(names, filterText(f))
		}
	}
	text := fmt.Sprintf("every observation was dropped, %s of them by %s", humanize.Comma(refused), strings.Join(names, " and "))
	r.progress.Warn("WARNING " + text)
	s.Warnings = append(s.Warnings, text)
}

// filterText is a filter as a person would write it.
func filterText(f config.Filter) string {
	if f.Expression != "" {
		return fmt.Sprintf("the filter %q", f.Expression)
	}
	verb := "drop"
	if f.Keep {
		verb = "keep"
	}
	values := make([]string, len(f.Values))
	for i, v := range f.Values {
		values[i] = fmt.Sprint(v)
	}
	return fmt.Sprintf("the filter %s %s %s %s", verb, f.Dataset, f.Op, strings.Join(values, ", "))
}
