package fleet

// How many workers an account has room for.

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/englacial/zagg/internal/dispatch"
)

// Capacity is how many jobs can run at once: at most wanted and jobs; no more than this process may open connections
// for, if it waits for answers; and no more than the account has left: its limit, less what was in use in the last
// five minutes, less a reserve of a twentieth and at least 100. notes say what bounds it, and what could not be
// asked.
func (f *Fleet) Capacity(ctx context.Context, metrics *cloudwatch.Client, wanted, jobs int) (workers int, notes []string) {
	workers = min(wanted, jobs)
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if room := f.o.connections(); workers > room && !f.o.Async { // an event is not waited for on a connection
		workers = room
		note("%d workers, because this process may open %d files: raise the limit (ulimit -n) or use --invocation async", workers, f.o.Files)
	}
	// A function with concurrency of its own does not share the account's.
	c, err := f.o.Client.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: &f.o.Function})
	if err == nil && c.ReservedConcurrentExecutions != nil {
		f.function.Reserved = int(*c.ReservedConcurrentExecutions)
		if workers > f.function.Reserved {
			workers = max(f.function.Reserved, 1)
			note("%d workers, because the function has so many reserved", workers)
		}
		return workers, notes
	}
	settings, err := f.o.Client.GetAccountSettings(ctx, &lambda.GetAccountSettingsInput{})
	if err != nil || settings.AccountLimit == nil {
		note("the account's concurrency could not be asked (lambda:GetAccountSettings): not looking at it")
		return workers, notes
	}
	limit := int(aws.ToInt32(settings.AccountLimit.UnreservedConcurrentExecutions))
	if limit == 0 {
		limit = int(settings.AccountLimit.ConcurrentExecutions)
	}
	used, err := inUse(ctx, metrics)
	if err != nil {
		note("what the account uses could not be asked (cloudwatch:GetMetricData): taking it for nothing")
	}
	if room, kept := dispatch.Room(limit, used); workers > room {
		workers = max(room, 1)
		note("%d workers: of the account's %d at once %d are in use and %d are kept free", workers, limit, used, kept)
	}
	return workers, notes
}

// inUse is the most invocations of the account that ran at once in the last five minutes.
func inUse(ctx context.Context, metrics *cloudwatch.Client) (int, error) {
	now := time.Now()
	out, err := metrics.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(now.Add(-5 * time.Minute)), EndTime: aws.Time(now.Add(time.Minute)),
		MetricDataQueries: []types.MetricDataQuery{{Id: aws.String("used"), MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: aws.String("AWS/Lambda"), MetricName: aws.String("ConcurrentExecutions")},
			Period: aws.Int32(60), Stat: aws.String("Maximum"),
		}}},
	})
	if err != nil {
		return 0, err
	}
	most := 0.0
	for _, r := range out.MetricDataResults {
		for _, v := range r.Values {
			most = max(most, v)
		}
	}
	return int(most), nil
}
