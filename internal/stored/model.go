package stored

import (
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/job"
)

// Model is the model of cost whose constants fit the store's receipts; ok is false where none of them tells. Shards of a local run
// share the machine's CPUs, so one vCPU is assumed for each; latency and bandwidth are f's.
func (s *Store) Model(f cost.Function) (m cost.Model, ok bool) {
	var samples []cost.Sample
	for _, r := range s.Records {
		if r.Status != job.Empty {
			samples = append(samples, sampleOf(&r.Receipt))
		}
	}
	return cost.Fit(samples, cost.Function{MemoryMB: cost.MBPerCPU, Latency: f.Latency, Bandwidth: f.Bandwidth})
}

func sampleOf(r *job.Receipt) cost.Sample {
	return cost.Sample{Granules: int(r.Granules), Seconds: r.Seconds, CPUSeconds: r.CPUSeconds, Reads: r.Reads, Writes: r.Writes, Bytes: r.BytesRead}
}
