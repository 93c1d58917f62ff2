package cli

// The flags of "zagg run" that select observations by area and time.

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/englacial/zagg/internal/area"
	"github.com/englacial/zagg/internal/config"
)

// selectOptions are the flags that say which observations are used.
type selectOptions struct{ bbox, polygon, start, end string }

func (o *selectOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.bbox, "bbox", "", "use only observations in lon_min,lat_min,lon_max,lat_max, bounds included; lon_min greater than lon_max crosses the antimeridian")
	f.StringVar(&o.polygon, "polygon", "", "use only observations in the areas of a GeoJSON file; edges as for zagg catalog")
	f.StringVar(&o.start, "start", "", "use only observations from this time on, UTC: 2019-03-01 or 2019-03-01T12:00:00")
	f.StringVar(&o.end, "end", "", "use only observations before this time, UTC; a date without a time includes the whole day")
}

// choose puts what the flags say into the configuration: a store is of these observations, as of its variables.
func (a *app) choose(ctx context.Context, cfg *config.Config, o *selectOptions) (*config.Config, error) {
	if *o == (selectOptions{}) {
		return cfg, nil
	}
	usage := func(format string, args ...any) error {
		return fmt.Errorf(format+": %w for `zagg run`", append(args, errUsage)...)
	}
	s := config.Selection{}
	var err error
	if o.start != "" {
		if s.Start, err = config.ParseBound(o.start, false); err != nil {
			return nil, usage("--start: %v", err)
		}
	}
	if o.end != "" {
		if s.End, err = config.ParseBound(o.end, true); err != nil {
			return nil, usage("--end: %v", err)
		}
	}
	switch {
	case o.bbox != "" && o.polygon != "":
		return nil, usage("--bbox and --polygon exclude each other")
	case !s.Start.IsZero() && !s.End.IsZero() && !s.Start.Before(s.End):
		return nil, usage("--end %s is not after --start %s", o.end, o.start)
	case o.bbox != "":
		box, err := area.BoxOf("--bbox", o.bbox)
		if err != nil {
			return nil, usage("%v", err)
		}
		s.Box = &box
	case o.polygon != "":
		where, text, err := area.GeoJSON(ctx, "--polygon", o.polygon)
		if err != nil {
			return nil, err
		}
		a.warnReadings(where.Readings)
		s.Area = text
	}
	return cfg.Select(s)
}
