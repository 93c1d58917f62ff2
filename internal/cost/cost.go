// Package cost has the single formula for the cost of a run on AWS Lambda and S3. From measured receipts it reports a cost, from
// expectations it predicts one.
package cost

import "fmt"

// Prices of AWS in US dollars, us-west-2, as published on the pages of Lambda, S3 and CloudWatch.
const (
	ARM64PerGBSecond = 1.33334e-5 // Lambda compute, arm64
	AMD64PerGBSecond = 1.66667e-5 // Lambda compute, x86_64
	perInvocation    = 0.20e-6    // Lambda requests
	tmpPerGBSecond   = 3.09e-8    // ephemeral storage beyond FreeTmpGB
	FreeTmpGB        = 0.5
	getRequest       = 0.40e-6 // S3 GET and HEAD
	PutRequest       = 5.0e-6  // S3 PUT and LIST
	logGB            = 0.50    // what goes into CloudWatch Logs
	DefaultMemoryGB  = 2.0     // of a worker, when the configuration does not say
)

// A Use is what a run used, or is expected to use.
type Use struct {
	WorkerSeconds float64 // summed over workers
	MemoryGB      float64 // of one worker
	AMD64         bool    // workers are x86_64, not arm64
	TmpGB         float64 // of one worker
	Invocations   int64
	Gets, Puts    int64 // requests to S3; GET includes HEAD, PUT includes LIST
	Bytes         int64 // read within the region: free, shown for the record
	LogBytes      int64 // that workers log
}

// A Bill is a Use in dollars.
type Bill struct {
	Compute  float64 `json:"compute_usd"`
	Tmp      float64 `json:"tmp_usd"`
	Invoke   float64 `json:"invocations_usd"`
	Requests float64 `json:"requests_usd"`
	Logs     float64 `json:"logs_usd"`
}

// Of prices a use.
func Of(u Use) Bill {
	price := ARM64PerGBSecond
	if u.AMD64 {
		price = AMD64PerGBSecond
	}
	return Bill{
		Compute:  u.WorkerSeconds * u.MemoryGB * price,
		Tmp:      u.WorkerSeconds * max(u.TmpGB-FreeTmpGB, 0) * tmpPerGBSecond,
		Invoke:   float64(u.Invocations) * perInvocation,
		Requests: float64(u.Gets)*getRequest + float64(u.Puts)*PutRequest,
		Logs:     float64(u.LogBytes) / 1e9 * logGB,
	}
}

// Total is the sum in dollars.
func (b Bill) Total() float64 { return b.Compute + b.Tmp + b.Invoke + b.Requests + b.Logs }

// String is the total with enough digits to be told from zero.
func (b Bill) String() string {
	if t := b.Total(); t < 0.01 {
		return fmt.Sprintf("$%.6f", t)
	}
	return fmt.Sprintf("$%.4f", b.Total())
}

// Architecture is the word of AWS for a processor.
func Architecture(amd64 bool) string {
	if amd64 {
		return "x86_64"
	}
	return "arm64"
}
