package predict

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/simulate"
)

// Print writes what the model expects, for people.
func (p *Prediction) Print(out io.Writer) error {
	o, e, model := &p.options, &p.Expected, &p.Model
	f := &o.Function
	w := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Shards\t%s, %s of shard and granule\n", humanize.Comma(int64(e.Shards)), quantity.Counted(int64(e.Pairs), "pair"))
	fmt.Fprintf(w, "Granules\t%s\n", p.howRead())
	how := "as given"
	if o.PerJob == 0 {
		how = "the cheapest that is not a tenth longer"
	}
	fmt.Fprintf(w, "Jobs\t%s of at most %s: %s\n", humanize.Comma(int64(e.Jobs)), quantity.Counted(int64(p.ShardsPerJob), "shard"), how)
	if e.Shards > 0 {
		fmt.Fprintf(w, "Densest shard\t%s: %s; the longest job about %.1f s\n", p.Densest, quantity.Counted(int64(p.granules), "granule"), e.DensestSeconds)
	}
	fmt.Fprintf(w, "Compute\tabout %s worker-seconds of %s MB, %s; $%.4f\n", humanize.Comma(int64(e.WorkerSeconds+0.5)), humanize.Comma(int64(f.MemoryMB)), cost.Architecture(f.AMD64), e.Bill.Compute)
	fmt.Fprintf(w, "Requests\tabout %s that read and %s that write or list; $%.4f\n", humanize.Comma(e.Gets), humanize.Comma(e.Puts), e.Bill.Requests)
	fmt.Fprintf(w, "Read\tabout %s\n", quantity.Bytes(e.Bytes))
	fmt.Fprintf(w, "Wall time\tabout %.1f s with %s\n", e.WallSeconds, quantity.Counted(int64(f.Concurrency), "worker"))
	fmt.Fprintf(w, "Cost\tabout %s: compute $%.4f, requests $%.4f, invocations $%.4f, logs $%.4f, /tmp $%.4f\n", e.Bill, e.Bill.Compute, e.Bill.Requests, e.Bill.Invoke, e.Bill.Logs, e.Bill.Tmp)
	fmt.Fprintf(w, "At most\t$%.2f: compute $%.2f, requests $%.2f, if every job ran into the time-out of %.0f s as often as it may be sent\n", e.CeilingUSD, e.Ceiling.Compute, e.Ceiling.Requests, f.Timeout)
	r, kind := &model.Pieces, "in pieces"
	switch {
	case o.Indexed:
		kind = "by its index"
	case 2*e.Whole > e.Pairs:
		r, kind = &model.Whole, "whole"
	}
	fmt.Fprintf(w, "Constants\tfrom %s: %.2f s a shard; %.3f CPU-s, %.0f round trips and %.0f requests a granule that is read %s\n", p.Constants, model.JobSeconds+model.ShardSeconds, r.CPU, r.Trips, r.Gets, kind)
	if e.DensestSeconds > f.Timeout {
		fmt.Fprintf(w, "Warning\tthe longest job would not end within the time-out: use finer shards, indexes or more memory\n")
	}
	return w.Flush()
}

// howRead says how granules are read, and of what sizes they are taken to be.
func (p *Prediction) howRead() string {
	size := quantity.Bytes(p.sizes.Usual()) + " each, as those of the benchmark; --sizes asks for theirs"
	if n := p.sizes.Known(); n > 0 {
		size = fmt.Sprintf("%s each in the mean of %s whose sizes are known", quantity.Bytes(p.sizes.Usual()), humanize.Comma(int64(n)))
	}
	switch whole := p.Expected.Whole; {
	case p.options.Indexed:
		return "read by their indexes; " + size
	case whole == p.Expected.Pairs:
		return "read whole; " + size
	case whole == 0:
		return "read in pieces; " + size
	default:
		return fmt.Sprintf("of %s pairs read whole, of the others in pieces; %s", humanize.Comma(int64(whole)), size)
	}
}

// Print writes what replays found, for people.
func (s *Simulation) Print(out io.Writer) error {
	r, e, f := s.Simulated, &s.Simulated.Expected, &s.Function
	w := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Shards\t%s, %s of shard and granule; %s\n", humanize.Comma(int64(e.Shards)), quantity.Counted(int64(e.Pairs), "pair"), s.from)
	if s.Met != nil {
		found := "the cheapest of which nine in ten replays end in time"
		if !*s.Met {
			found = "the quickest: no memory and number of shards per job ends in time"
		}
		fmt.Fprintf(w, "Target\t%s: %s MB, %s per job: %s\n", s.replay.Wall, humanize.Comma(int64(f.MemoryMB)), quantity.Counted(int64(s.ShardsPerJob), "shard"), found)
	}
	fmt.Fprintf(w, "Jobs\t%s of at most %s, on %s MB of %s; the longest about %.1f s\n", humanize.Comma(int64(e.Jobs)), quantity.Counted(int64(s.ShardsPerJob), "shard"), humanize.Comma(int64(f.MemoryMB)), cost.Architecture(f.AMD64), e.DensestSeconds)
	fmt.Fprintf(w, "Workers\t%s at once, %s; %s throttled\n", humanize.Comma(int64(f.Concurrency)), quantity.Counted(int64(r.ColdStarts), "cold start"), quantity.Counted(int64(r.Throttled), "request"))
	fmt.Fprintf(w, "Compute\t%s worker-seconds; $%.4f ($%.4f to $%.4f)\n", spanText(r.WorkerSeconds, 0), r.ComputeUSD.Median, r.ComputeUSD.Low, r.ComputeUSD.High)
	fmt.Fprintf(w, "Requests\t%s that read and %s that write or list; $%.4f; %s read\n", humanize.Comma(e.Gets), humanize.Comma(e.Puts), e.Bill.Requests, quantity.Bytes(e.Bytes))
	fmt.Fprintf(w, "Wall time\t%s s\n", spanText(r.WallSeconds, 1))
	fmt.Fprintf(w, "Cost\t$%.4f ($%.4f to $%.4f)\n", r.USD.Median, r.USD.Low, r.USD.High)
	fmt.Fprintf(w, "Waits for\t%s\n", boundsText(s.Bounds))
	fmt.Fprintf(w, "Stated\tlatency %s, %.0f MB/s a worker, cold start %s, %s workers at once and every 10 s; constants from %s\n", s.options.Latency, f.Bandwidth/1e6, s.replay.ColdStart, humanize.Comma(int64(s.replay.Burst)), s.Constants)
	return w.Flush()
}

// spanText is a median and its bounds.
func spanText(s simulate.Span, digits int) string {
	text := func(v float64) string { return humanize.FormatFloat("#,###."+strings.Repeat("#", digits), v) }
	return fmt.Sprintf("%s (%s to %s)", text(s.Median), text(s.Low), text(s.High))
}

func boundsText(bounds []simulate.Bound) string {
	if len(bounds) == 0 {
		return "nothing alone"
	}
	var texts []string
	for _, b := range bounds {
		texts = append(texts, fmt.Sprintf("%s (%.1f s)", b.Name, b.Saves))
	}
	return strings.Join(texts, ", ")
}
