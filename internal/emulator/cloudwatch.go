package emulator

import (
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/aws/smithy-go/encoding/cbor"
)

// rpc is CloudWatch's protocol: Smithy RPC v2 in CBOR.
const rpc = "rpc-v2-cbor"

// getMetricData answers each query with the most sandboxes at work by minute, newest first: the metric
// AWS/Lambda ConcurrentExecutions, statistic Maximum, whatever was asked for.
func (l *Lambda) getMetricData(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	request, err := cbor.Decode(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	results := cbor.List{}
	fields, _ := request.(cbor.Map)
	queries, _ := fields["MetricDataQueries"].(cbor.List)
	for _, q := range queries {
		query, _ := q.(cbor.Map)
		results = append(results, l.concurrency(query["Id"]))
	}
	writeCBOR(w, http.StatusOK, cbor.Map{"MetricDataResults": results, "Messages": cbor.List{}})
}

func writeCBOR(w http.ResponseWriter, status int, v cbor.Map) {
	w.Header().Set("Content-Type", "application/cbor")
	w.WriteHeader(status)
	w.Write(cbor.Encode(v)) //nolint:errcheck // whoever asked is gone
}

func (l *Lambda) concurrency(id cbor.Value) cbor.Map {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.met()
	times, values := cbor.List{}, cbor.List{}
	minutes := slices.Sorted(maps.Keys(l.peaks))
	slices.Reverse(minutes)
	for _, m := range minutes {
		times = append(times, &cbor.Tag{ID: 1, Value: cbor.Float64(60 * m)})
		values = append(values, cbor.Float64(l.peaks[m]+l.o.InUse))
	}
	if id == nil {
		id = cbor.String("")
	}
	return cbor.Map{"Id": id, "Label": cbor.String("ConcurrentExecutions"), "StatusCode": cbor.String("Complete"), "Timestamps": times, "Values": values}
}
