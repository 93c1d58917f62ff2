package config

import (
	"time"

	"github.com/englacial/zagg/internal/windows"
)

// Windowing divides a store's observations by time.
type Windowing struct {
	windows.Schedule
	Clock *Clock // as given here; nil: the product's
}

// windowing reads output.windowing, and holds the time that is asked for against it: a window is computed whole or not at all.
func (p *problems) windowing(root *node, c *Config) *Windowing {
	n := root.get("output").get("windowing")
	kind := n.str()
	if n != nil && n.kind == kindMap {
		kind = n.get("schedule").str()
	}
	switch kind {
	case windows.Yearly, windows.Monthly, windows.Daily, windows.Explicit:
	case "none":
		return nil
	case "":
		return nil // said by the check of types
	default:
		if n.kind == kindString {
			p.add(n, "%s is not a schedule; expected yearly, monthly, daily, or a map with schedule: explicit and windows", show(n))
		}
		return nil
	}
	w := &Windowing{Schedule: windows.Schedule{Kind: kind}}
	w.Clock = p.windowClock(n, c)
	list := n.get("windows")
	switch {
	case kind != windows.Explicit && list != nil:
		p.atKey(list, "only with schedule: explicit; %s windows are those of the calendar", kind)
	case kind == windows.Explicit && len(list.list()) == 0:
		p.add(n, "schedule: explicit needs windows: a list of {label, start, end}")
	}
	for _, x := range list.list() {
		p.window(x, &w.List)
	}
	p.onBorders(root.get("data_source").get("select"), w, &c.DataSource.Select)
	return w
}

// windowClock is the clock that output.windowing gives; nil where it gives none.
func (p *problems) windowClock(n *node, c *Config) *Clock {
	if n.kind != kindMap {
		return nil
	}
	field, epoch := n.get("time_field"), n.get("epoch")
	switch {
	case field == nil && epoch == nil:
		for _, name := range []string{"scale", "units"} {
			if x := n.get(name); x != nil {
				p.atKey(x, "only together with time_field and epoch")
			}
		}
		return nil
	case field == nil:
		p.missing(n, "time_field", "required with epoch")
		return nil
	case epoch == nil:
		p.missing(n, "epoch", "required with time_field: from when does it count?")
		return nil
	}
	clock := p.clock(n, "time_field", &c.DataSource)
	if own := c.Output.Clock; own != nil && *own != *clock {
		p.add(field, "output.time_source says otherwise: the two must agree, or leave time_field and epoch out here")
	}
	return clock
}

// window adds one of a list to those before it.
func (p *problems) window(n *node, to *[]windows.Window) {
	if n.kind != kindMap || n.get("label").str() == "" {
		return // said by the check of types
	}
	w := windows.Window{Label: n.get("label").str()}
	start, end, stamp := n.get("start"), n.get("end"), n.get("timestamp")
	switch {
	case stamp != nil && start == nil && end == nil:
		w.Start = p.bound(stamp, false).Truncate(time.Second)
		w.End = w.Start.Add(time.Second)
	case stamp == nil && start != nil && end != nil:
		w.Start, w.End = p.bound(start, false).Truncate(time.Second), p.bound(end, true).Truncate(time.Second)
	default:
		p.add(n, "a window has either start and end, or timestamp")
		return
	}
	if w.Start.Year() < 1850 || w.End.Year() < 1850 {
		return // said by bound
	}
	if err := windows.CheckNext(*to, w); err != nil {
		p.add(n, "%v", err)
		return
	}
	*to = append(*to, w)
}

// onBorders refuses a time that would leave a window half filled.
func (p *problems) onBorders(n *node, w *Windowing, s *Selection) {
	for _, b := range []struct {
		name string
		at   time.Time
	}{{"start", s.Start}, {"end", s.End}} {
		if b.at.IsZero() {
			continue
		}
		if in, ok := w.Border(b.at); !ok {
			p.add(n.get(b.name), "it divides window %s, from %s to %s, which would be filled in part: give one of its borders", in.Label, in.Start.Format(time.RFC3339), in.End.Format(time.RFC3339))
		}
	}
}
